"""A real browser at a real server: the person in front of it, and the provider that delivers meanwhile."""

import http.client
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

from django.db import connections
from django.utils.timezone import now
from playwright.sync_api import Page

from callcrm.lib.crypto import chunks
from callcrm.testing import ACCOUNT_ID, PASSWORD, SECRET, World, sid
from recordings import sealing, storage
from recordings.listening.waveform import Waveform
from recordings.models import Recording
from telephony.models import Call
from telephony.providers import signing
from telephony.providers.twilio.webhook import SCHEME
from telephony.tests.live_clients import Server
from tests.carrier import wav

PUBLIC_URL = "http://calls.test"
FLAGS = ["--no-sandbox", "--disable-gpu"]


def deliver(server: Server, route: str, params: dict[str, str], query: str = "") -> None:
    """Post what Twilio would, in a thread of its own."""
    path = f"/webhooks/twilio/{route}/" + (f"?{query}" if query else "")
    body = urlencode({"AccountSid": ACCOUNT_ID, **params}).encode()
    signature = signing.sign(SCHEME, url=f"{PUBLIC_URL}{path}", body=body, secret=SECRET)
    headers = {"Content-Type": signing.FORM, "X-Twilio-Signature": signature}

    def post() -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)) as connection:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(post).result() in (200, 204)


def meanwhile(act: Callable[[], object]) -> None:
    """Do something behind the browser's back, in a thread of its own: this one belongs to the browser's loop."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def keep_sound(world: World, call: Call, seconds: int) -> Recording:
    """Keep a recording of a call, both sides apart, as if it had been fetched."""
    audio, picture = wav(seconds, channels=2), Waveform()
    with world.inside():
        recording = Recording(business=world.acme, call=call, provider_id=sid("RE"), created_at=now())
        key, recording.stored_as = sealing.new_key(), storage.new_name()
        plain = picture.through([audio])
        storage.kept_in().put(
            recording.stored_as, chunks.seal(plain, key=key, context=recording.sound_context)
        )
        recording.key, recording.size = sealing.wrapped(recording, key), len(audio)
        recording.peaks = picture.points()
        recording.state, recording.audio_seconds = Recording.State.STORED, float(seconds)
        recording.content_type, recording.is_complete = "audio/wav", True
        recording.save()
    return recording


def log_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/b/acme/")


def watch(page: Page) -> list[str]:
    """Collect what the browser complains of."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    return problems
