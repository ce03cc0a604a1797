"""The desk as tests need it: who is owed a call, what was left for him who hears it, and what the page says of them."""

import re
from datetime import timedelta

from django.utils.timezone import now

from callcrm.testing import add_call, add_lead
from recordings.models import Recording
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome

DESK = "/b/acme/desk/"
HOUR = timedelta(hours=1)


def owe(world, hours, name="Dana Riverstone", *, outcome=Outcome.MISSED, to=None):
    lead = add_lead(world.acme, name=name, source=world.source)
    vain = add_call(world.acme, lead, outcome=outcome, answered_at=None, started_at=now() - hours * HOUR)
    with world.inside():
        ledger.follow_call(vain, by=None)
        debt = Callback.objects.select_related("lead").get(lead=lead)
        return settling.assign(debt, to, by=world.owner) if to else debt


def names(html):
    return re.findall(r'class="title" href="/b/acme/desk/[^>]+>([^<]+)<', html)


def voicemail(world, call, words="I am at the side door.", **values):
    kept = {"kind": "voicemail", "state": "stored", "is_complete": True, "audio_seconds": 9.0}
    with world.inside():
        recording = Recording(business=world.acme, call=call, provider_id="RE1", created_at=call.started_at)
        for name, value in (kept | values).items():
            setattr(recording, name, value)
        recording.make_words_key()
        recording.transcript = words
        recording.save(force_insert=True)
        return recording


def withheld(world, hours=0.0, words="I am at the side door.", **values):
    left = {"withheld": True, "outcome": Outcome.VOICEMAIL, "answered_at": None} | values
    return voicemail(world, add_call(world.acme, started_at=now() - hours * HOUR, **left), words)


def said(html):
    return re.findall(r'<div class="said">“([^”]+)”', html)
