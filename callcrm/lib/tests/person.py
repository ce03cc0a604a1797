"""A person of sealed fields, in a table of the tests alone."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, models
from django.test.utils import isolate_apps

from callcrm.lib.crypto.fields import SealedEmail, SealedModel, SealedName, SealedPhone, SealedText
from callcrm.lib.ids import uuid7

BUSINESS, RIVAL = UUID(int=1), UUID(int=2)
KEYS = {BUSINESS: bytes(range(32)), RIVAL: bytes(range(1, 33))}
NAME, PHONE, EMAIL, NOTE = "Ada Example", "+12125550147", "ada.example@example.com", "call 212 555 0147"

with isolate_apps("callcrm"):

    class Person(SealedModel):
        id = models.UUIDField(primary_key=True, default=uuid7)
        business_id = models.UUIDField(default=BUSINESS)
        version = models.PositiveSmallIntegerField(default=1)
        label = models.CharField(max_length=40, default="")
        name = SealedName(max_length=200, blank=True)
        phone: Any = SealedPhone(null=True)
        email: Any = SealedEmail(null=True)
        note: Any = SealedText(pad=256, null=True)

        objects: ClassVar[models.Manager["Person"]] = models.Manager()

        class Meta:
            app_label = "callcrm"

        def sealing_key(self) -> bytes:
            return KEYS[self.business_id]

        @property
        def sealing_version(self) -> int:
            return self.version


def ada_pending() -> Person:
    return Person(name=NAME, phone=PHONE, email=EMAIL, note=NOTE)


def stored(person: Person, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM callcrm_person WHERE id = %s", [person.pk])  # noqa: S608  # a column of ours
        return bytes(cursor.fetchone()[0])


def store(person: Person, column: str, content: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE callcrm_person SET {column} = %s WHERE id = %s", [content, person.pk])  # noqa: S608  # a column of ours
