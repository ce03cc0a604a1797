"""Keys of recordings: each has its own, wrapped in its row under the key of the lead, or of the call.

So a recording goes with its person. A call that gets its person late has its recordings' keys wrapped anew, in the
transaction that says who it was; the files stay as they are.
"""

import secrets
from contextlib import suppress

from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.chunks import Reader
from recordings import storage
from recordings.models import Recording
from telephony.models import Call


def new_key() -> bytes:
    return secrets.token_bytes(envelope.KEY_BYTES)


def context(recording: Recording) -> tuple[str, str, str]:
    """What file and key are bound to."""
    return (str(recording.business_id), "recordings.recording", str(recording.pk))


def wrapped(recording: Recording, key: bytes) -> bytes:
    """Return the key as the row keeps it. The call is locked, so that it does not change its person meanwhile."""
    return envelope.wrap(recording.call.sealing_key(), key, context=context(recording))


def open_stored(recording: Recording) -> Reader:
    """Return what reads a stored recording, any range of it. Raises DecryptError and StorageError."""
    if recording.key is None or recording.size is None:
        raise envelope.DecryptError("nothing is kept of this recording")
    key = envelope.unwrap(recording.call.sealing_key(), bytes(recording.key), context=context(recording))
    place, name = storage.kept_in(), recording.stored_as
    return Reader(
        lambda start, end: place.read_range(name, start, end),
        size=recording.size,
        key=key,
        context=context(recording),
    )


def wrap_anew(call: Call, before: bytes) -> None:
    """The locked call has got another key than `before`: its recordings follow."""
    for recording in Recording.objects.filter(business_id=call.business_id, call=call).exclude(key=None):
        recording.call = call
        with suppress(
            envelope.DecryptError
        ):  # what did not open before does not, and is no reason to refuse a call
            key = envelope.unwrap(before, bytes(recording.key or b""), context=context(recording))
            recording.key = wrapped(recording, key)
            recording.save(update_fields=["key"])
