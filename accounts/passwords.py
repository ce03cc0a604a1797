"""What makes a password good: length and kinds of characters, or so much length that kinds do not matter."""

import re

from django.core.exceptions import ValidationError

RULE = "Use at least 8 characters with an upper-case and a lower-case letter and a digit, or at least 16 characters."
SHORT, PASSPHRASE = 8, 16
LONGEST = 1000  # what is longer is never compared (`accounts.login`)


class Strength:
    """8 characters of three kinds, or a passphrase of 16 that is more than one sign repeated."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > LONGEST or "\0" in password:
            raise ValidationError(f"Use at most {LONGEST} characters.", code="password_too_long")
        if not is_good(password):
            raise ValidationError(RULE, code="password_too_weak")

    def get_help_text(self) -> str:
        return RULE


def is_good(password: str) -> bool:
    return _mixed(password) or _passphrase(password)


def _mixed(password: str) -> bool:
    kinds = any(map(str.isupper, password)), any(map(str.islower, password)), re.search(r"\d", password)
    return len(password) >= SHORT and all(kinds)


def _passphrase(password: str) -> bool:
    return len(password) >= PASSPHRASE and len(set(password)) >= 5
