"""Why a recording is not here yet: a code that is kept, and the words for it.

Codes come from fetching (`callcrm.lib.http`), from the storage (`recordings.storage`) and from here. Some the provider
gets over by itself: those leave a recording pending for a day. With all others somebody should look.
"""

from callcrm.lib.crypto.envelope import DecryptError
from callcrm.lib.http import FetchError
from recordings.storage import StorageError

NO_ACCOUNT, NO_KEY, FAULT, ALTERED = "no_account", "no_key", "fault", "altered"
UNREACHABLE = "unreachable"

EXPECTED = (FetchError, StorageError, DecryptError)

_PASSING = {"status_404", "status_429", "too_slow", UNREACHABLE}
_WORDS = {
    "status_401": "The provider refused our account's secret.",
    "status_403": "The provider refused our account's secret.",
    "status_404": "The provider does not have it yet.",
    "status_429": "The provider asked us to come later.",
    "too_slow": "The provider took too long.",
    UNREACHABLE: "The provider could not be reached.",
    "untrusted": "The provider's certificate is not valid.",
    "cut_short": "The provider's file ended before its end.",
    "wrong_type": "What the provider sent is no audio.",
    "wrong_length": "The audio is not as long as the provider said.",
    "too_large": "What the provider sent is far too large for it.",
    "refused_host": "The provider led to an address that is not its own.",
    "refused_address": "The provider led to an address that is not its own.",
    "too_many_redirects": "The provider led from address to address.",
    "storage_full": "Our storage is full.",
    "storage_readonly": "Our storage cannot be written.",
    "storage_missing": "Our storage has lost it.",
    "storage_unreachable": "Our storage could not be reached.",
    NO_ACCOUNT: "The provider's account is no longer connected.",
    NO_KEY: "The key that seals it is gone.",
    ALTERED: "The file in our storage was altered.",
    "not_asked": "It is from before recordings were fetched.",
    FAULT: "A fault of callcrm's; it is in the log.",
}


class NoAccount(Exception):
    """The account that the recording lies in is not connected."""


def code_of(failure: Exception) -> str:
    """Return the code of whatever went wrong."""
    if isinstance(failure, FetchError | StorageError):
        return failure.code
    if isinstance(failure, DecryptError):
        return NO_KEY
    return NO_ACCOUNT if isinstance(failure, NoAccount) else FAULT


def passes(code: str) -> bool:
    """Say whether the provider gets over it by itself."""
    return code in _PASSING or code.startswith("status_5")


def words(code: str) -> str:
    if code.startswith("status_5"):
        return "The provider had a fault."
    return _WORDS.get(code, "The provider answered something else.")


def words_at_desk(code: str) -> str:
    """Say that recordings do not come, and why."""
    return f"A recording does not come: {words(code)[0].lower()}{words(code)[1:-1]}"


def words_of_pause(code: str) -> str:
    """Say why a recording is not paused, or not resumed."""
    if code in ("status_400", "status_404"):
        return "The provider says that nothing is being recorded."
    unsure = code in ("too_slow", "unreachable", "cut_short")
    return words(code) + (" Nobody knows whether it was done." if unsure else "")
