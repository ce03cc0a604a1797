"""A business in which something of everything has happened, and the addresses that show it."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils.timezone import now

from callcrm.testing import World, add_call, add_lead, add_leg, add_message
from exports.models import Export
from leads import editing
from telephony.callbacks import ledger, settling
from telephony.flows import versions
from telephony.listing import saved_views
from telephony.models import Callback, Outcome, Placement
from telephony.problems import reports
from telephony.providers.base import CallState
from telephony.tests.flows import WHOLE

# One export in each of its states.
EXPORTS: dict[str, dict[str, Any]] = {
    "waiting": {"calls": ["01a1fd00-0000-7000-8000-000000000000"]},
    "writing": {"total": 41_900, "written": 18_240},
    "ready": {"total": 9, "written": 9, "key": b"x", "size": 700, "ends_at": now() + timedelta(hours=23)},
    "failed": {"failure": "storage_full", "filters": {"outcome": "missed"}},
    "over": {"total": 100_000, "written": 100_000, "is_cut": True},
}
NAME, EMAIL, PHONE = "Dana Riverstone", "dana.riverstone@example.com", "+15035550142"
PAGES = {
    "overview": "/b/acme/",
    "desk": "/b/acme/desk/",
    "desk with a caller": "/b/acme/desk/?lead={lead}",
    "calls": "/b/acme/calls/",
    "calls by several filters": "/b/acme/calls/?tag=leak&talked=30s_to_2min&first_time=true",
    "no call matches": "/b/acme/calls/?outcome=blocked&owed=true&tag=leak",
    "calls of some days": "/b/acme/calls/?from=2026-11-03&to=2026-11-09",
    "calls of a search that is over": "/b/acme/calls/?search=over&tag=leak",
    "views of calls": "/b/acme/calls/views/",
    "exports": "/b/acme/exports/",
    "log a call": "/b/acme/calls/new/?lead={lead}",
    "new call": "/b/acme/calls/outgoing/",
    "new call to a lead": "/b/acme/calls/outgoing/?lead={lead}",
    "telephone": "/b/acme/telephone/",
    "outgoing call": "/b/acme/calls/{outgoing}/",
    "call": "/b/acme/calls/{call}/",
    "report a problem": "/b/acme/calls/{call}/problems/",
    "problems": "/b/acme/problems/",
    "resolved problems": "/b/acme/problems/?view=resolved",
    "provider events": "/b/acme/calls/{call}/deliveries/",
    "ringing call": "/b/acme/calls/{ringing}/",
    "leads": "/b/acme/leads/",
    "new lead": "/b/acme/leads/new/",
    "lead": "/b/acme/leads/{lead}/",
    "edit lead": "/b/acme/leads/{lead}/edits/",
    "merge, finding": "/b/acme/leads/{lead}/merges/",
    "merge, preview": "/b/acme/leads/{lead}/merges/?with={other}",
    "reveal": "/b/acme/leads/{lead}/reveals/?fields=phones",
    "callbacks": "/b/acme/callbacks/",
    "closed callbacks": "/b/acme/callbacks/?view=closed",
    "no callbacks of mine": "/b/acme/callbacks/?view=mine",
    "messages": "/b/acme/messages/",
    "numbers": "/b/acme/numbers/",
    "number": "/b/acme/numbers/{number}/",
    "call flow": "/b/acme/numbers/{number}/flow/",
    "call flow's versions": "/b/acme/numbers/{number}/flow/versions/",
    "one version of a call flow": "/b/acme/numbers/{number}/flow/versions/1/",
    "hours": "/b/acme/hours/",
    "history": "/b/acme/audit/",
    "team": "/b/acme/team/",
    "settings": "/b/acme/settings/",
    "retention": "/b/acme/retention/",
    "account": "/account/",
    "components": "/ui/",
    "components with errors": "/ui/?label=&email=x",
}


def keep_busy(world: World) -> SimpleNamespace:
    """Let things happen at acme; returns the ids that `PAGES` want."""
    values: dict[str, Any] = {"name": NAME, "email": EMAIL, "phones": [PHONE], "notes": f"Ask for {NAME}"}
    lead = add_lead(world.acme, **values, tags=["leak"], value=14200)
    other = add_lead(world.acme, name="D. Riverstone", email="dana@example.com", value=900)
    call = add_call(world.acme, lead, agent=world.owner, tags=["leak"], first_time_caller=True)
    add_leg(call)
    missed = add_call(world.acme, lead, outcome=Outcome.MISSED, answered_at=None, talk_seconds=None)
    wrong = add_lead(world.acme, name="Ira Penn")
    spoke = add_call(world.acme, wrong, outcome=Outcome.VOICEMAIL, answered_at=None, talk_seconds=None)
    add_call(world.acme, withheld=True, outcome=Outcome.VOICEMAIL, answered_at=None)
    unended: dict[str, Any] = {"outcome": None, "answered_at": None, "ended_at": None}
    ringing = add_call(world.acme, lead, state=CallState.RINGING, **unended)
    asked = add_call(world.acme, lead, direction="outbound", agent=world.owner, outcome=Outcome.MISSED)
    add_message(world.acme, lead)
    with world.inside():
        for one in (missed, spoke):
            ledger.follow_call(one, by=None)
        settling.close(Callback.objects.get(lead=wrong), "wrong_number", by=world.owner)
        versions.save(world.number, WHOLE, state=None, by=world.owner)
        Placement.objects.create(
            business=world.acme, call=asked, telephone="+15035550181", state="failed", failure="not_placed"
        )
        saved_views.save(
            "Leaks after hours", {"tag": "leak", "after_hours": "true"}, shared=True, by=world.owner
        )
        reports.report(missed, "no_recording", f"{NAME} says he left a message.", by=world.user)
        reports.resolve(reports.report(call, "poor_audio", "", by=world.user), "provider", by=world.owner)
        for state, values in EXPORTS.items():
            Export.objects.create(business=world.acme, made_by=world.owner, state=state, **values)
        editing.add_note(lead, "Two-storey house, dog in the yard.", by=world.owner)
    return SimpleNamespace(
        call=call.pk,
        ringing=ringing.pk,
        outgoing=asked.pk,
        lead=lead.pk,
        other=other.pk,
        number=world.number.pk,
    )
