"""Making users, wherever it is done: the e-mail is one, the password is good, nobody is made twice."""

from collections.abc import Callable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User


def find_or_make(email: str, ask_password: Callable[[], str] | None = None) -> User:
    """Return the user of this e-mail, with the password that he has, or make him.

    `ask_password` is asked for a new user alone; without it nobody can log in as him until he has set one. Raises
    ValidationError for what is no e-mail, or for a bad password.
    """
    email = User.objects.normalize_email(email)
    found = User.objects.filter(email=email).first()
    if found:
        return found
    _check_email(email)
    user = User(email=email)
    password = ask_password() if ask_password else None
    if password is not None:
        _check_password(password, user)
    return User.objects.create_user(email, password)


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
