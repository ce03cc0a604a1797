"""Making and changing users, wherever it is done: an e-mail is one user, a password is good."""

from collections.abc import Callable, Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.events import UserChanged
from accounts.models import User
from accounts.sessions import end_all
from audit.recording import record
from callcrm.errors import Conflict

POWERS = frozenset({"is_active", "is_superuser"})


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


@transaction.atomic
def change(user: User, fields: Sequence[str], *, by: User) -> None:
    """Save what was changed of a user. Whoever is switched off, or gets other powers, is logged out everywhere."""
    if by.pk == user.pk and POWERS & set(fields):
        raise Conflict("Nobody takes his own powers away: another superuser does that.")
    user.save(update_fields=list(fields))
    if POWERS & set(fields):
        end_all(user)
    record(UserChanged(user_id=user.pk, fields=list(fields)), by=by, business_id=None)
