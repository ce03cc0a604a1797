"""The forms of accounts. They read what a person typed; the rules stay in the verbs."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import login, sessions
from accounts.models import ZONES, Business, User
from accounts.passwords import LONGEST, RULE
from accounts.permissions import Role
from callcrm.errors import NotAuthenticated
from callcrm.lib import phones
from callcrm.lib.forms import RefusableForm

ZONE_CHOICES = [(name, name.replace("_", " ")) for name in sorted(ZONES) if "/" in name]
REGIONS = phones.countries()
NEW = {"autocomplete": "new-password"}


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


class MemberForm(RefusableForm):
    """Somebody who shall belong to the business."""

    email = forms.EmailField(max_length=254, label="E-mail")
    role = forms.ChoiceField(choices=Role.choices)


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=Role.choices)


class BusinessForm(forms.Form):
    """What a business is called and where it is."""

    name = forms.CharField(max_length=100)
    timezone = forms.ChoiceField(
        choices=ZONE_CHOICES, label="Time zone", help_text="All times on these pages are of this zone."
    )
    region = forms.ChoiceField(
        choices=REGIONS, label="Country", help_text="For numbers that are typed without a country code."
    )
    asks_why_played = forms.BooleanField(
        required=False,
        label="Ask for a reason before somebody listens to a recording or downloads it",
        help_text="The answer is kept in the history. Each recording asks for itself, again after ten minutes; "
        "so does every download.",
    )

    @staticmethod
    def values_of(business: Business) -> dict[str, Any]:
        """Return what the form begins with."""
        return {field: getattr(business, field) for field in BusinessForm.base_fields}


class PasswordForm(forms.Form):
    """A new password for oneself, by who knows the old one."""

    current = forms.CharField(
        max_length=LONGEST,
        strip=False,
        label="Current password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        max_length=LONGEST,
        strip=False,
        label="New password",
        help_text=RULE,
        widget=forms.PasswordInput(attrs=NEW),
    )

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        """Ask for the old one last, and by the way that counts guesses."""
        given = self.cleaned_data
        if not self.errors:
            try:
                login.authenticate(self.request, self.user.email, given["current"], "page")
            except NotAuthenticated:
                raise ValidationError({"current": "This is not your password."}) from None
        return given


class InvitationForm(forms.Form):
    """The first password of somebody who was invited, and what he is called. Django's view gives the user."""

    name = forms.CharField(
        max_length=100, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        max_length=LONGEST, strip=False, help_text=RULE, widget=forms.PasswordInput(attrs=NEW)
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def save(self) -> User:
        self.user.name = self.cleaned_data["name"]
        self.user.save(update_fields=["name"])
        sessions.set_password(self.user, self.cleaned_data["password"], by=self.user)
        return self.user


class VisitForm(RefusableForm):
    """Which business a superuser visits, and why."""

    business = forms.SlugField(max_length=50)
    reason = forms.CharField(max_length=200)
