"""What was delivered, as it was delivered.

A receipt is kept in the transaction that applies it; when applying fails it stays, with its error, to be replayed.
It lies outside the tenant wall, because the business is known only once its account is. The delivery in it is sealed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.timezone import now

from accounts import keys
from accounts.doors import Admitted
from accounts.permissions import Permission
from callcrm.lib import together
from callcrm.lib.crypto import envelope
from callcrm.lib.ids import uuid7

_PIECE = 60_000
LONGEST_QUERY = 200
MOST_REPEATS = 32_767  # what its column holds


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """The bytes of one verified request, and the query of its address, which we wrote ourselves when we gave it out.

    `parsed` is what its handler has made of them on the way, if anything; `about` is what it tells of, by the id that
    the provider has for it: a call.
    """

    provider: str
    route: str
    account_id: str
    business_id: UUID
    body: bytes
    content_type: str
    received_at: datetime
    query: str = ""
    parsed: Any = None
    about: str = ""


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Reading and keeping receipts."""

    def visible_to(self, member: Admitted) -> "ReceiptQuerySet":
        """Return the receipts of the member's business, newest first, for who may see its history."""
        if not member.can(Permission.AUDIT):
            return self.none()
        return self.filter(business_id=member.business_id).order_by("-received_at", "-id")

    def about(self, provider: str, provider_id: str) -> "ReceiptQuerySet":
        """Return what was delivered of one call, in the order in which it came."""
        return self.filter(provider=provider, about=provider_id).order_by("received_at", "id")

    def keep(self, delivery: Delivery, dedupe_key: str) -> "tuple[Receipt, bool]":
        """Keep a delivery once, however often it comes and however many race. Returns the row and whether it is new."""
        receipt = Receipt.of(delivery, dedupe_key)
        if together.insert_unless_there(receipt):
            return receipt, True
        same = {"provider": delivery.provider, "business_id": delivery.business_id, "dedupe_key": dedupe_key}
        return self.select_for_update().get(**same), False


class Receipt(models.Model):
    """One delivery of one provider."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        APPLIED = "applied", "Applied"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business_id = models.UUIDField()
    provider = models.CharField(max_length=12)
    route = models.CharField(max_length=24)
    account_id = models.CharField(max_length=64)
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    dedupe_key = models.CharField(max_length=160)
    about = models.CharField(max_length=64, blank=True, help_text="The id of its call at the provider.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RECEIVED)
    error = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    repeats = models.PositiveSmallIntegerField(default=0, help_text="How often it came again.")
    key_version = models.PositiveSmallIntegerField(default=1)
    sealed = ArrayField(models.BinaryField())
    received_at = models.DateTimeField(default=now)
    applied_at = models.DateTimeField(null=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "business_id", "dedupe_key"], name="webhooks_receipt_once"
            ),
        ]
        indexes = [
            models.Index(fields=["business_id", "-received_at", "-id"], name="webhooks_receipt_newest"),
            models.Index(
                fields=["received_at"], condition=models.Q(state="failed"), name="webhooks_receipt_failed"
            ),
            models.Index(
                fields=["business_id", "about", "received_at"],
                condition=~models.Q(about=""),
                name="webhooks_receipt_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.route} {self.pk}"

    @classmethod
    def of(cls, delivery: Delivery, dedupe_key: str) -> "Receipt":
        """Return the unsaved receipt of a delivery, its bytes sealed.

        It says that it is applied, because it is written in the transaction that applies it; `settle` says otherwise.
        """
        key = keys.data_key(delivery.business_id)
        receipt = cls(
            business_id=delivery.business_id,
            provider=delivery.provider,
            route=delivery.route,
            account_id=delivery.account_id,
            query=delivery.query[:LONGEST_QUERY],
            dedupe_key=dedupe_key,
            about=delivery.about,
            key_version=key.version,
            received_at=delivery.received_at,
            state=cls.State.APPLIED,
            attempts=1,
            applied_at=now(),
        )
        receipt.sealed = receipt._seal(_receipt_key(key.secret), delivery)
        return receipt

    def delivery(self) -> Delivery:
        """Return what was delivered. Raises DecryptError when its key is gone."""
        key = _receipt_key(keys.data_key_of(self.business_id, self.key_version))
        content_type, _, body = self._unseal(key).partition(b"\0")
        return Delivery(
            provider=self.provider,
            route=self.route,
            account_id=self.account_id,
            business_id=self.business_id,
            body=body,
            content_type=content_type.decode("latin-1"),
            received_at=self.received_at,
            query=self.query,
            about=self.about,
        )

    def came_again(self) -> None:
        """Count it: nothing else is kept of what came before."""
        self.repeats = min(self.repeats + 1, MOST_REPEATS)
        self.save(update_fields=["repeats"])

    def settle(self, error: str) -> None:
        """Say that it is applied or, with an error's code, that it failed."""
        self.state = self.State.FAILED if error else self.State.APPLIED
        self.error, self.applied_at = error[:80], None if error else now()
        self.save(update_fields=["state", "error", "attempts", "applied_at"])

    def _seal(self, key: bytes, delivery: Delivery) -> list[bytes]:
        """Seal in pieces, each bound to its place and to how many there are: one sealed value holds 64 kB."""
        content = delivery.content_type.encode("latin-1", "replace") + b"\0" + delivery.body
        pieces = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)]
        return [
            envelope.seal(key, piece, context=self._context(at, len(pieces)), version=self.key_version)
            for at, piece in enumerate(pieces)
        ]

    def _unseal(self, key: bytes) -> bytes:
        pieces = [bytes(piece) for piece in self.sealed]
        return b"".join(
            envelope.unseal(key, piece, context=self._context(at, len(pieces)))
            for at, piece in enumerate(pieces)
        )

    def _context(self, piece: int, pieces: int) -> tuple[str, ...]:
        return (str(self.business_id), "webhooks.Receipt", f"{piece} of {pieces}", str(self.pk))


def _receipt_key(secret: bytes) -> bytes:
    return envelope.derive(secret, "receipts")
