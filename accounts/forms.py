"""The forms of accounts. They read what a person typed; the rules stay in the verbs."""

from typing import Any

from django import forms
from django.http import HttpRequest

from accounts import login
from accounts.models import User
from accounts.passwords import LONGEST
from callcrm.errors import NotAuthenticated


class LoginForm(forms.Form):
    """Who are you? Django's LoginView gives the request and asks for the user."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        max_length=LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "email" in given and "password" in given:
            self.user = self._authenticate(given["email"], given["password"])
        return given

    def get_user(self) -> User | None:
        return self.user

    def _authenticate(self, email: str, password: str) -> User:
        try:
            return login.authenticate(self.request, email, password, "page")
        except NotAuthenticated as wrong:
            raise forms.ValidationError(wrong.message) from None
