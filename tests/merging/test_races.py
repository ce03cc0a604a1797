"""Merges that meet each other, and calls that come in meanwhile, over real connections."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from callcrm.errors import NotFound
from callcrm.testing import NUMBER, World, add_call, add_lead, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from leads import editing, merging
from leads.models import Lead, LeadMerge, Note
from telephony.models import Call, Message
from telephony.tests.test_races import at_once

MOBILE, WORK = "+15035550142", "+15035550143"
pytestmark = pytest.mark.django_db(transaction=True)


def merge(world: World, kept: Lead, gone: Lead) -> Any:
    with world.inside():
        return merging.merge(kept, gone, {}, by=world.owner)


def pair(world: World) -> tuple[Lead, Lead]:
    return add_lead(world.acme, phones=[MOBILE]), add_lead(world.acme, phones=[WORK])


def test_two_cards_that_are_merged_both_ways_at_once_end_as_one_of_them(world: World) -> None:
    one, two = pair(world)
    for lead in (one, two):
        add_call(world.acme, lead)
    results = at_once([lambda: merge(world, one, two), lambda: merge(world, two, one)] * 2)
    assert sum(isinstance(result, Lead) for result in results) == 1, results
    assert sum(isinstance(result, NotFound) for result in results) == 3, results
    with world.inside():
        assert (Lead.objects.count(), LeadMerge.objects.count()) == (1, 1)
        assert Call.objects.filter(lead=Lead.objects.get()).count() == 2


def test_merges_in_a_circle_at_once_leave_one_card_with_everything(world: World) -> None:
    leads = [add_lead(world.acme) for _ in range(3)]
    for lead in leads:
        add_call(world.acme, lead, note="Wants a quote.")
    a, b, c = leads
    results = at_once([lambda: merge(world, a, b), lambda: merge(world, b, c), lambda: merge(world, c, a)])
    merged = sum(isinstance(result, Lead) for result in results)
    assert all(isinstance(result, Lead | NotFound) for result in results), results
    with world.inside():
        assert Lead.objects.count() == 3 - merged
        calls = Call.objects.select_related("lead")
        assert [call.note and call.note.reveal() for call in calls] == ["Wants a quote."] * 3


@pytest.mark.parametrize("answered", [False, True])
def test_calls_of_the_card_that_goes_come_in_meanwhile_and_are_all_of_the_one_that_stays(
    world: World, answered: bool
) -> None:
    for turn in range(4):
        mobile, work = f"+1503555{1000 + turn:04}", f"+1503555{2000 + turn:04}"
        kept, gone = add_lead(world.acme, phones=[mobile]), add_lead(world.acme, phones=[work])
        status = {"From": work, "To": NUMBER, "CallStatus": "completed" if answered else "ringing"}
        known = ring(Client(), work)

        def report(call: str = known, status: dict[str, str] = status) -> int:
            return signed_post(Client(), "voice-status", status | {"CallSid": call}).status_code

        def text(work: str = work) -> int:
            params = {
                "MessageSid": sid("SM"),
                "From": work,
                "To": NUMBER,
                "Body": "Hello",
                "SmsStatus": "received",
            }
            return signed_post(Client(), "sms", params).status_code

        acts: list[Callable[[], Any]] = [
            partial(merge, world, kept, gone),
            report,
            partial(report, sid("CA")),
        ]
        acts += [text, partial(ring, Client(), work), partial(ring, Client(), work)]
        results = at_once(acts)
        assert isinstance(results[0], Lead), results
        assert not Receipt.objects.exclude(state="applied").exists(), results
        with world.inside():
            assert not Lead.objects.filter(pk=gone.pk).exists()
            assert Call.objects.filter(lead=kept).count() == 4, results
            body = Message.objects.get(lead=kept).body
            assert body is not None
            assert body.reveal() == "Hello"
    with world.inside():
        assert Lead.objects.count() == 4
        assert not Call.objects.filter(lead=None).exists()


def test_a_note_that_is_written_meanwhile_moves_or_is_refused(world: World) -> None:
    kept, gone = pair(world)

    def write() -> Any:
        with world.inside():
            return editing.add_note(gone, "Has a dog.", by=world.owner)

    results = at_once([lambda: merge(world, kept, gone), write, write])
    written = [result for result in results[1:] if not isinstance(result, NotFound)]
    assert all(isinstance(result, Note) for result in written), results
    with world.inside():
        notes = Note.objects.filter(lead=kept).select_related("lead")
        assert [note.body.reveal() for note in notes] == ["Has a dog."] * len(written)
