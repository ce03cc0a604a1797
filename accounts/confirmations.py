"""A dangerous act is asked about twice. The second question carries a token: good once, soon, and for this alone.

It names the member, so it is bound to his user and his business, and the act with what it is done to. That it was
used is counted where a rollback does not reach, like everything that is counted.
"""

from hashlib import sha256
from uuid import uuid4

from django.core import signing
from django.core.cache import cache

from accounts.models import Member
from callcrm.errors import Invalid

GOOD_FOR = 15 * 60
SALT = "accounts.confirmations"


def offer(member: Member, act: str, subject: object = "") -> str:
    """Return the token that the form of the second question sends back."""
    return signing.dumps([*_meant(member, act, subject), uuid4().hex], salt=SALT)


def spend(token: str, member: Member, act: str, subject: object = "") -> None:
    """Use the token up. Raises Invalid for one that is old, used, or meant for something else."""
    try:
        *meant, _nonce = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        raise Invalid("This confirmation is no longer good. Please start again.") from None
    if meant != _meant(member, act, subject):
        raise Invalid("This confirmation was meant for something else. Please start again.")
    if not cache.add(f"confirmed:{sha256(token.encode()).hexdigest()}", 1, timeout=GOOD_FOR + 60):
        raise Invalid("This was confirmed already.")


def _meant(member: Member, act: str, subject: object) -> list[str]:
    return [str(member.pk), act, str(subject)]
