"""Recordings that wait to be fetched, one attempt at them, and what is left of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.test import Client
from django.utils.timezone import now
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, World, add_call, add_lead, sid, signed_post
from recordings import fetching, sealing
from recordings.models import Recording
from telephony.models import Call
from tests.carrier import wav

SECONDS = 5
AUDIO = wav(SECONDS, channels=2)


def told(world: World, call: Call | None = None, **values: Any) -> Recording:
    """A recording of five seconds, in two channels, that Twilio has completed a moment ago."""
    call = call or add_call(world.acme, add_lead(world.acme))
    fields = {
        "provider_id": sid("RE"),
        "provider_account": ACCOUNT_ID,
        "is_complete": True,
        "duration_seconds": SECONDS,
        "channels": 2,
        "created_at": now(),
        "asked_since": now(),
        "next_attempt_at": now(),
    } | values
    with world.inside():
        return Recording.objects.create(business=world.acme, call=call, **fields)


def now_due(world: World, recording: Recording) -> None:
    """Let the time pass until the next attempt."""
    past = now() - timedelta(minutes=2)
    with world.inside():
        mine = Recording.objects.filter(pk=recording.pk)
        mine.update(next_attempt_at=past)
        mine.exclude(claimed_until=None).update(claimed_until=past)


def attempt(world: World, recording: Recording) -> Recording:
    """Try once, and return how it is then."""
    fetching.fetch(recording.business_id, recording.pk)
    return again(world, recording)


def again(world: World, recording: Recording) -> Recording:
    with world.inside():
        return Recording.objects.select_related("call__lead").get(pk=recording.pk)


def opened(world: World, recording: Recording) -> bytes:
    """What is kept of it, in clear."""
    with world.inside():
        return b"".join(sealing.open_stored(again(world, recording)).blocks())


def jobs(task: str = "fetch_recording") -> QuerySet[ProcrastinateJob]:
    return ProcrastinateJob.objects.filter(task_name=f"recordings.tasks.{task}", status="todo")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def happened(world: World, name: str) -> int:
    return Entry.objects.filter(business_id=world.acme.pk, name=name).count()


def untold(world: World) -> Call:
    """A call of which it is known what was said, and no notice was."""
    return add_call(world.acme, add_lead(world.acme), notice="", flow=world.number.published)


def complete(client: Client, call_sid: str = "", **more: str) -> str:
    """Twilio tells that a recording is complete."""
    params = {
        "CallSid": call_sid or sid("CA"),
        "RecordingSid": sid("RE"),
        "RecordingStatus": "completed",
        "RecordingDuration": str(SECONDS),
        "RecordingChannels": "2",
        "RecordingSource": "DialVerb",
    } | more
    assert signed_post(client, "recording-status", params).status_code == 204
    return params["CallSid"]
