"""`Sealed`: what a sealed field's attribute gives. It opens on request; everything else sees `<sealed>`.

To json, pickle, csv, templates, f-strings, logs and serializers it is that word, because it is a `str` of
that word: a value that leaks by accident leaks nothing. `.masked` gives the mask, `.reveal()` the plain text;
the calls of `.reveal(` are few and listed by a test. Equal only to itself: no text equals it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID

from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError

if TYPE_CHECKING:
    from callcrm.lib.crypto.fields import SealedModel, SealedText

MARK = "<sealed>"
UNREADABLE = "unreadable"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unreadable:
    """Where a value did not open: enough to find it, nothing of what it holds."""

    business_id: str
    model: str
    field: str
    row_id: str


def _log(failure: Unreadable) -> None:
    logger.error("crypt_decrypt_fail", extra={"model": failure.model, "target_id": failure.row_id})


# Told of every value that did not open for its mask; a list must not fail because one of its rows does.
on_decrypt_failure: Callable[[Unreadable], None] = _log


@lru_cache(maxsize=1024)
def _text(row_id: object) -> str:
    """One spelling of an id, also before the database has seen it; the fields of a row share it."""
    return str(UUID(row_id)) if isinstance(row_id, str) else str(row_id)


class Place(NamedTuple):
    """The field of a row in which a value lives: gives the key and what the value is bound to."""

    row: SealedModel
    field: SealedText[Any, Any]

    @property
    def context(self) -> tuple[str, str, str, str]:
        return (_text(self.row.business_id), self.field.sealed_label, self.field.attname, _text(self.row.pk))

    def seal(self, text: str) -> bytes:
        if self.row.pk is None or self.row.business_id is None:
            raise TypeError("a value is sealed for a row: its id and its business must be known before")
        return envelope.seal(
            self.row.sealing_key(),
            text.encode(),
            context=self.context,
            version=self.row.sealing_version,
            pad=self.field.pad,
        )

    def open(self, content: bytes) -> str:
        return envelope.unseal(self.row.sealing_key(), content, context=self.context).decode()

    def same_as(self, other: Place) -> bool:
        if self.field is not other.field or self.row.pk is None or self.row.pk != other.row.pk:
            return self.row is other.row and self.field is other.field
        # asked of what is loaded: a deferred business would be another query, and the id alone is unique
        return len({row.__dict__.get("business_id") for row in (self.row, other.row)} - {None}) < 2


class Sealed(str):
    """Sealed bytes, or a text that waits for its save; with a `place` it can be opened."""

    __slots__ = ("_content", "_place")
    _content: bytes | str | None
    _place: Place | None

    def __new__(cls, content: bytes | str | None = None, place: Place | None = None) -> Self:
        made = str.__new__(cls, MARK)
        made._content, made._place = content, place
        return made

    def reveal(self) -> str:
        """The plain text. Raises DecryptError when it does not open."""
        if self._place is None or self._content is None:
            raise TypeError("only the attribute of a loaded row can be revealed; this came from elsewhere")
        return self._content if isinstance(self._content, str) else self._place.open(self._content)

    @property
    def masked(self) -> str:
        """What people may see. A value that does not open is told to `on_decrypt_failure`."""
        if self._place is None or self._content is None:
            return MARK
        try:
            return self._place.field.mask(self.reveal())
        except DecryptError:
            on_decrypt_failure(Unreadable(*self._place.context))
            return UNREADABLE

    def at(self, place: Place) -> Sealed:
        return Sealed(self._content, place)

    def moved_to(self, place: Place) -> Sealed:
        """As it is stored in `place`: itself where it belongs there, else its text, to be sealed anew."""
        if self._place is None or self._place.same_as(place):
            return Sealed(self._content)
        return Sealed(self.reveal())

    def for_column(self, *, verify: bool) -> bytes:
        """The bytes to store. `verify`: a new row takes no bytes that were sealed for another."""
        if self._place is None or self._content is None:
            raise TypeError("a sealed value that was pickled or read by values() cannot be saved")
        if isinstance(self._content, str):
            return self._place.seal(self._content)
        if verify and not self._opens():
            raise TypeError("this value is sealed for another row; assign its text, or that row's attribute")
        return self._content

    def _opens(self) -> bool:
        try:
            self.reveal()
        except DecryptError:
            return False
        return True

    def __bool__(self) -> bool:
        """False for an empty text. What cannot be opened here is something."""
        try:
            return self._place is None or self._content is None or bool(self.reveal())
        except DecryptError:
            return True

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        same_bytes = isinstance(other, Sealed) and self._content == other._content
        return same_bytes and isinstance(self._content, bytes)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._content) if isinstance(self._content, bytes) else id(self)

    def __repr__(self) -> str:
        return MARK

    def __copy__(self) -> Sealed:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        return self

    def __reduce_ex__(self, protocol: Any) -> tuple[type[Sealed], tuple[()]]:
        return Sealed, ()  # neither text nor ciphertext: a pickle ends in caches and queues
