"""The addresses of accounts: bare ones, and those under /b/<slug>/."""

from django.urls import path

from accounts import entrance

urlpatterns = [
    path("", entrance.start, name="start"),
    path("login", entrance.log_in, name="login"),
    path("logout", entrance.log_out, name="logout"),
]
