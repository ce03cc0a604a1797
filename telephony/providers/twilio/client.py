"""What we ask of Twilio: the audio of a recording, to delete it there, and to pause it. Imports no Django.

Addresses are made anew of the base, the account and the recording's id. Credentials go to the base alone: Twilio may
lead on to its media hosts, which need none.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from callcrm.lib.http import Answer, FetchError, fetch
from telephony.providers.base import Access, Wanted

TYPES = ("audio/", "application/octet-stream", "binary/octet-stream")  # the bytes are looked at as well
MEDIA_HOSTS = (".twiliocdn.com",)
DELETE_SECONDS = 30.0
PAUSE_SECONDS = 8.0  # somebody waits with a card in his hand
MOST_ANSWERED = 64 * 1024

_ACCOUNT, _RECORDING = re.compile(r"AC[0-9a-fA-F]{32}"), re.compile(r"RE[0-9a-fA-F]{32}")
_CALL = re.compile(r"CA[0-9a-fA-F]{32}")


@contextmanager
def open_recording(access: Access, wanted: Wanted, *, max_bytes: int, seconds: float) -> Iterator[Answer]:
    """Both sides of the talk on a channel each, where Twilio has them so; else mixed."""
    address = _address(access, wanted.provider_id) + ".wav"
    with ExitStack() as stack:
        yield _best(stack, access, address, wanted, max_bytes, seconds)


def delete_recording(access: Access, provider_id: str) -> None:
    try:
        with fetch(
            _address(access, provider_id) + ".json",
            auth=(access.account_id, access.secret),
            trusted_base=access.base_url,
            max_bytes=0,
            seconds=DELETE_SECONDS,
            method="DELETE",
        ):
            return
    except FetchError as failure:
        if failure.code != "status_404":
            raise


def pause_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    _tell(access, call_provider_id, provider_id, {"Status": "paused", "PauseBehavior": "silence"})


def resume_recording(access: Access, call_provider_id: str, provider_id: str) -> None:
    _tell(access, call_provider_id, provider_id, {"Status": "in-progress"})


def _tell(access: Access, call_provider_id: str, provider_id: str, form: Mapping[str, str]) -> None:
    """A recording that goes on belongs to its call; only there its state can be changed."""
    whole = _address(access, provider_id)
    if not _CALL.fullmatch(call_provider_id):
        raise FetchError("refused_host")
    account, _, _ = whole.partition("/Recordings/")
    with fetch(
        f"{account}/Calls/{call_provider_id}/Recordings/{provider_id}.json",
        auth=(access.account_id, access.secret),
        trusted_base=access.base_url,
        max_bytes=MOST_ANSWERED,
        seconds=PAUSE_SECONDS,
        form=form,
    ):
        return


def _best(
    stack: ExitStack, access: Access, address: str, wanted: Wanted, max_bytes: int, seconds: float
) -> Answer:
    """Twilio answers 400 where it has one channel only."""

    def ask(query: str) -> Answer:
        asked = fetch(
            address + query,
            auth=(access.account_id, access.secret),
            trusted_base=access.base_url,
            redirect_hosts=MEDIA_HOSTS,
            max_bytes=max_bytes,
            seconds=seconds,
            types=TYPES,
        )
        return stack.enter_context(asked)

    if wanted.channels == 1:
        return ask("")
    try:
        return ask("?RequestedChannels=2")
    except FetchError as failure:
        if failure.code != "status_400":
            raise
    return ask("")


def _address(access: Access, provider_id: str) -> str:
    if not (_ACCOUNT.fullmatch(access.account_id) and _RECORDING.fullmatch(provider_id)):
        raise FetchError("refused_host")
    return f"{access.base_url}/2010-04-01/Accounts/{access.account_id}/Recordings/{provider_id}"
