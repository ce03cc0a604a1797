"""The addresses of accounts: bare ones, and those under /b/<slug>/."""

from django.urls import path

from accounts import entrance, pages, platform

urlpatterns = [
    path("", entrance.start, name="start"),
    path("login", entrance.log_in, name="login"),
    path("logout", entrance.log_out, name="logout"),
    path("account/", pages.account, name="account"),
    path("account/sessions/<uuid:pk>/ends/", pages.end_own_session, name="own-session-end"),
    path("invitations/<str:uidb64>/<str:token>/", pages.invitation, name="invitation"),
    path("platform/", platform.businesses, name="platform"),
    path("platform/visits/", platform.start_visit, name="visits"),
    path("platform/visits/<uuid:pk>/ends/", platform.end_visit, name="visit-end"),
]

business_patterns = [
    path("team/", pages.team_page, name="team"),
    path("team/<uuid:pk>/roles/", pages.change_role, name="member-role"),
    path("team/<uuid:pk>/removals/", pages.remove_member, name="member-removal"),
    path("team/<uuid:pk>/invitations/", pages.renew_invitation, name="member-invitation"),
    path("settings/sessions/<uuid:pk>/ends/", pages.end_session, name="session-end"),
]
