"""Keys of recordings: each has its own, wrapped in its row under the key of the lead, or of the call.

One is for its sound, another for what is written of it. So a recording goes with its person. A call that gets its
person late, or another one because two cards were merged, has its recordings' keys wrapped anew in the same
transaction; files and words stay as they are.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from accounts.doors import Admitted
from callcrm.errors import Unavailable
from callcrm.lib import logs
from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.chunks import Reader
from leads.models import Lead
from recordings import failures, storage
from recordings.models import Recording
from telephony.models import Call

_log = logs.get("callcrm.recordings")


def new_key() -> bytes:
    return secrets.token_bytes(envelope.KEY_BYTES)


def wrapped(recording: Recording, key: bytes) -> bytes:
    """Return the key as the row keeps it. The call is locked, so that it does not change its person meanwhile."""
    return envelope.wrap(recording.call.sealing_key(), key, context=recording.sound_context)


def open_stored(recording: Recording) -> Reader:
    """Return what reads a stored recording, any range of it. Raises DecryptError and StorageError."""
    if recording.key is None or recording.size is None:
        raise envelope.DecryptError("nothing is kept of this recording")
    sealed, context = bytes(recording.key), recording.sound_context
    key = envelope.unwrap(recording.call.sealing_key(), sealed, context=context)
    place, name = storage.kept_in(), recording.stored_as
    return Reader(
        lambda start, end: place.read_range(name, start, end), size=recording.size, key=key, context=context
    )


@contextmanager
def for_listeners() -> Iterator[None]:
    """Whoever listens is told what our storage does not give, instead of an error."""
    try:
        yield
    except storage.StorageError as failure:
        _log.warning("a recording could not be read", reason=failure.code)
        raise Unavailable(failures.words(failure.code)) from None


def wrap_anew(call: Call, before: bytes) -> None:
    """The locked call has got another key than `before`: its recordings follow."""
    for recording in Recording.objects.filter(business_id=call.business_id, call=call):
        after = call.sealing_key()
        recording.key = _moved(recording.key, before, after, recording.sound_context)
        recording.words_key = _moved(recording.words_key, before, after, recording.words_context)
        recording.save(update_fields=["key", "words_key"])


def _moved(
    sealed: bytes | memoryview | None, before: bytes, after: bytes, context: tuple[str, ...]
) -> bytes | memoryview | None:
    """What did not open before does not open now, and is no reason to refuse a call."""
    with suppress(envelope.DecryptError):
        return _wrapped_anew(sealed, before, after, context)
    return sealed


class OfLead:
    """The recordings of a person's calls: their keys are wrapped anew when two cards of him become one."""

    words = "recordings"

    def count(self, lead: Lead, member: Admitted) -> int:
        return Recording.objects.visible_to(member).filter(call__lead=lead).count()

    def lock(self, kept: Lead, gone: Lead) -> None:
        """Who changes one has locked its call before."""

    def move(self, kept: Lead, gone: Lead) -> None:
        """The files stay as they are. Raises DecryptError for a key that does not open: it would be lost."""
        before, after = gone.sealing_key(), kept.sealing_key()
        for recording in Recording.objects.filter(business_id=gone.business_id, call__lead=gone):
            recording.key = _wrapped_anew(recording.key, before, after, recording.sound_context)
            recording.words_key = _wrapped_anew(recording.words_key, before, after, recording.words_context)
            recording.save(update_fields=["key", "words_key"])


def _wrapped_anew(
    sealed: bytes | memoryview | None, before: bytes, after: bytes, context: tuple[str, ...]
) -> bytes | None:
    if sealed is None:
        return None
    return envelope.wrap(after, envelope.unwrap(before, bytes(sealed), context=context), context=context)
