"""Every address of the API, its schema and its documentation."""

from django.urls import path

from accounts import api as accounts

v1 = [
    path("auth/token/", accounts.Tokens.as_view(), name="api-token"),
    path("auth/token/refresh/", accounts.Refreshing.as_view(), name="api-token-refresh"),
    path("auth/token/revoke/", accounts.Revoking.as_view(), name="api-token-revoke"),
    path("users/", accounts.Users.as_view(), name="api-users"),
    path("users/<uuid:pk>/", accounts.OneUser.as_view(), name="api-user"),
]
