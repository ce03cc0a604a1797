"""Doing a thing once, however often it is asked for: a request that is sent again gets what the first one made.

The sender names his wish by a key of his own choice. The row of the key and what it made are written in one
transaction: of two that come at once the second waits for the first, and whatever was refused has used up no key. Kept
is what was made, and not the answer, which may hold words about a person: it is drawn anew.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.timezone import now

from accounts import keys
from accounts.models import IdempotencyKey, Member
from callcrm.errors import Conflict, Invalid
from callcrm.lib.crypto import envelope

HEADER = "Idempotency-Key"
KEPT = timedelta(days=7)
_KEY = re.compile(r"[\x21-\x7e]{1,80}")


def read(text: str | None) -> str:
    """Return a key as it was sent. Raises Invalid for none, and for one that is odd."""
    if not text or not _KEY.fullmatch(text):
        raise Invalid(
            fields={HEADER: ["Send a key of your own, 1 to 80 letters, digits or signs, new for each wish."]}
        )
    return text


@transaction.atomic
def once(member: Member, key: str, wish: Any, act: Callable[[], UUID]) -> UUID:
    """Do it, or return the id of what was made when this key was used before. Runs in the scope of the business.

    Raises Conflict when the key was used for another wish, and whatever `act` raises.
    """
    mine = {"business_id": member.business_id, "member": member, "key": key}
    asked = _digest(member.business_id, wish)
    IdempotencyKey.objects.filter(**mine, created_at__lt=now() - KEPT).delete()
    fresh = IdempotencyKey(**mine, digest=asked)
    IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)  # waits for one that is not committed
    row = IdempotencyKey.objects.select_for_update().get(**mine)
    if not hmac.compare_digest(row.digest, asked):
        raise Conflict(
            "This key was used for something else.", fields={HEADER: ["It was used for something else."]}
        )
    if row.made is None:
        row.made = act()
        row.save(update_fields=["made"])
    return row.made


def has_made(member: Member, key: str) -> bool:
    """Say whether this key has made something already; an odd one has not."""
    mine = {"business_id": member.business_id, "member": member, "key": key}
    kept = IdempotencyKey.objects.filter(created_at__gte=now() - KEPT, made__isnull=False)
    return bool(_KEY.fullmatch(key)) and kept.filter(**mine).exists()


def forget(business_id: UUID) -> None:
    """Forget keys of longer ago. Runs in the scope of the business."""
    IdempotencyKey.objects.filter(business_id=business_id, created_at__lt=now() - KEPT).delete()


def _digest(business_id: UUID, wish: Any) -> str:
    """A wish may hold a number, and all numbers can be tried: so the hash is keyed."""
    text = json.dumps(wish, sort_keys=True, cls=DjangoJSONEncoder, default=str)
    secret = envelope.derive(keys.data_key(business_id).secret, "idempotency")
    return hmac.new(secret, text.encode(errors="replace"), hashlib.sha256).hexdigest()
