"""Who closes a callback because of "Something else" says what, in a few words that are sealed like a note."""

import pytest
from django.db import IntegrityError

from callcrm.errors import Invalid
from callcrm.testing import add_call, add_lead, assert_flat_queries, login
from leads import merging
from leads.models import Lead
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome
from tests.api import Api, fields

pytestmark = pytest.mark.django_db
SAID = "Nora Quill moved, new number +1 (503) 555-0199"
SHOWN = "moved, new number"


def owe(world):
    """Let somebody call in vain."""
    lead = add_lead(world.acme, name="Nora Quill")
    made = add_call(world.acme, lead, outcome=Outcome.MISSED, answered_at=None, talk_seconds=None)
    with world.inside():
        ledger.follow_call(made, by=None)
    return made


@pytest.fixture
def call(world):
    return owe(world)


def debt(world, call):
    with world.inside():
        return Callback.objects.select_related("lead").get(lead=call.lead)


def close(world, call, words=SAID):
    with world.inside():
        return settling.close(Callback.objects.get(lead=call.lead), "other", words, by=world.user)


def words(world, call):
    kept = debt(world, call).words
    return kept and kept.reveal()


def test_the_words_are_sealed_and_shown_where_the_reason_is_without_name_and_number(world, client, call):
    path = f"/b/acme/callbacks/{debt(world, call).pk}/closings/"
    login(client, world.user).post(path, {"reason": "other", "words": f"  {SAID}\n"})
    assert words(world, call) == SAID
    places = ["callbacks/?view=closed", "calls/", f"calls/{call.pk}/", f"calls/{call.pk}/panel/"]
    for place in places:
        page = client.get(f"/b/acme/{place}").content.decode()
        assert SHOWN in page, place
        assert "Quill" not in page, place
        assert "0199" not in page, place


@pytest.mark.parametrize("said", ["", "   ", "x" * 201, "a\0b"])
def test_without_words_or_with_too_many_it_stays_open(world, client, call, said):
    with pytest.raises(Invalid):
        close(world, call, said)
    pk = debt(world, call).pk
    login(client, world.user)
    data = {"reason": "other", "words": said}
    assert client.post(f"/b/acme/callbacks/{pk}/closings/", data).status_code == 422
    answer = client.post(f"/b/acme/calls/{call.pk}/panel/closings/", data)
    assert answer.status_code == 422
    assert "words" in answer.content.decode() or "characters" in answer.content.decode()
    assert "words" in fields(Api(world.user).post(f"callbacks/{pk}/closings/", data))
    assert debt(world, call).is_open


def test_a_program_says_them_and_reads_them_and_no_other_reason_takes_any(world, call):
    api, path = Api(world.user), f"callbacks/{debt(world, call).pk}/"
    assert "words" in fields(api.post(f"{path}closings/", {"reason": "spam", "words": SAID}))
    closed = api.post(f"{path}closings/", {"reason": "other", "words": SAID}).json()
    assert SHOWN in closed["words"]
    assert "0199" not in closed["words"]
    assert api.post(f"{path}reopenings/").json()["words"] is None
    row = debt(world, call)
    row.words = SAID
    with pytest.raises(IntegrityError), world.inside():
        row.save()


def test_opened_again_they_are_forgotten(world, call):
    row = close(world, call)
    with world.inside():
        settling.reopen(row, by=world.user)
    assert words(world, call) is None


def test_many_are_closed_in_the_same_words_each_for_his_person_and_undone(world, client, call):
    calls = [call, owe(world)]
    login(client, world.user)
    data = {"call": [one.pk for one in calls], "what": "close", "reason": "other", "key": "a" * 20}
    refused = client.post("/b/acme/calls/changes/", data)
    assert refused.status_code == 422
    assert "Say in a few words why." in refused.content.decode()
    client.post("/b/acme/calls/changes/", data | {"words": SAID})
    assert [words(world, one) for one in calls] == [SAID, SAID]
    other = owe(world)
    data |= {"call": [other.pk], "reason": "duplicate", "words": SAID, "key": "b" * 20}
    client.post("/b/acme/calls/changes/", data)  # what stands in a field that is not shown is not meant
    assert (debt(world, other).reason, words(world, other)) == ("duplicate", None)


def test_they_follow_when_two_cards_become_one_and_go_with_the_person(world, call):
    close(world, call)
    kept = add_lead(world.acme, name="Nora Quill")
    with world.inside():
        merging.merge(kept, call.lead, {}, by=world.owner)
        row = Callback.objects.get(lead=kept)
        assert row.words.reveal() == SAID
        Lead.objects.filter(pk=kept.pk)._raw_delete(using="default")
        assert not Callback.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("path", ["/b/acme/calls/", "/b/acme/callbacks/?view=closed"])
def test_a_list_of_words_costs_what_a_list_without_costs(world, client, path):
    login(client, world.user)
    assert_flat_queries(lambda: client.get(path), lambda: close(world, owe(world)))
