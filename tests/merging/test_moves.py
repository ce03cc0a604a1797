"""Two cards of one person become one: everything moves and opens, nothing is left, nobody sees more than before."""

import secrets
from datetime import timedelta

import pytest
from django.apps import apps
from django.db.models import ForeignKey
from django.utils.timezone import now

from audit.models import Entry
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib.crypto import envelope
from callcrm.testing import add_call, add_lead, add_message, login, ring
from leads import editing, intake, merging, search
from leads.models import Lead, LeadMerge, LeadPhone, LeadToken, Note
from recordings.models import Recording
from recordings.sealing import OfLead
from telephony import merging as telephony
from telephony.callbacks import ledger, settling
from telephony.models import Call, Callback, FeedFrame, Message
from tests.catalogue import rows
from tests.merging.conftest import MOBILE, WORK, plain

# What names a lead and is moved by `leads.merging` itself, each with how.
OWN = {
    "leads.LeadPhone": "sealed anew",
    "leads.NoteDraft": "sealed anew, where its writer has none on the card that stays",
    "leads.Note": "sealed anew",
    "leads.LeadToken": "written anew",
    "leads.LeadMerge": "sent on",
}


# --- What moves


def test_numbers_move_behind_those_that_are_there_and_keep_their_rows(world, kept, gone, merge):
    with world.inside():
        [row] = LeadPhone.objects.filter(lead=gone)
    merge()
    with world.inside():
        phones = list(LeadPhone.objects.filter(lead=kept).select_related("lead"))
        assert [phone.number.reveal() for phone in phones] == [MOBILE, WORK]
        assert phones[1].pk == row.pk
        assert intake.find(world.acme.pk, WORK).lead.pk == kept.pk


def test_calls_texts_and_notes_move_and_open_under_the_key_that_stays(world, kept, gone, merge):
    call = add_call(world.acme, gone, note="Wants a quote.", first_time_caller=True)
    bare = add_call(world.acme, gone)
    text = add_message(world.acme, gone, "Are you open?")
    with world.inside():
        note = editing.add_note(gone, "Has a dog.", by=world.user)
    merge()
    with world.inside():
        found = {row.pk: row for row in Call.objects.filter(lead=kept).select_related("lead")}
        assert set(found) == {call.pk, bare.pk}
        assert found[call.pk].note.reveal() == "Wants a quote."
        assert found[call.pk].first_time_caller, "it was his first call when it came in"
        assert found[bare.pk].phone.number.reveal() == WORK
        assert Message.objects.get(pk=text.pk, lead=kept).body.reveal() == "Are you open?"
        assert Note.objects.get(pk=note.pk, lead=kept).body.reveal() == "Has a dog."


@pytest.mark.parametrize("is_older", [True, False])
def test_of_two_first_calls_the_older_one_stays_the_first(world, kept, gone, merge, is_older):
    at = now()
    other = at - timedelta(hours=1 if is_older else -1)
    mine = add_call(world.acme, kept, started_at=at, first_time_caller=True)
    theirs = add_call(world.acme, gone, started_at=other, first_time_caller=True)
    merge()
    with world.inside():
        [first] = Call.objects.filter(first_time_caller=True)
    assert first.pk == (theirs if is_older else mine).pk


def test_the_first_to_call_is_not_first_whom_we_called_before(world, kept, gone, merge):
    add_call(world.acme, kept, started_at=now() - timedelta(hours=1), direction="outbound")
    add_call(world.acme, gone, first_time_caller=True)
    merge()
    with world.inside():
        assert not Call.objects.filter(first_time_caller=True).exists()


def test_only_calls_back_that_are_still_owed_are_counted(world, gone):
    closed = add_call(world.acme, gone, outcome="missed", answered_at=None)
    with world.inside():
        ledger.follow_call(closed, by=None)
        assert merging.counts(gone, world.owner)["calls back owed"] == 1
        settling.close(Callback.objects.get(), "not_needed", by=world.owner)
        assert merging.counts(gone, world.owner)["calls back owed"] == 0


def test_the_key_of_a_recording_is_wrapped_anew(world, kept, gone, merge):
    call, key = add_call(world.acme, gone), secrets.token_bytes(32)
    with world.inside():
        made = Recording(business=world.acme, call=call, provider_id="RE1", created_at=call.started_at)
        made.key = envelope.wrap(gone.sealing_key(), key, context=made.sound_context)
        made.save()
    merge()
    with world.inside():
        row = Recording.objects.select_related("call__lead").get(pk=made.pk)
        assert envelope.unwrap(row.call.sealing_key(), bytes(row.key), context=row.sound_context) == key


def test_nothing_is_left_of_the_card_that_goes(world, gone, merge):
    merge()
    with world.inside():
        assert not Lead.objects.filter(pk=gone.pk).exists()
        assert not LeadToken.objects.filter(business_id=world.acme.pk, lead_id=gone.pk).exists()


def test_every_model_that_names_a_lead_is_moved_or_named_here_with_a_reason():
    naming = {
        model._meta.label
        for model in apps.get_models()
        if any(isinstance(f, ForeignKey) and f.related_model is Lead for f in model._meta.concrete_fields)
    }
    moved = {part.model._meta.label for part in telephony.PARTS}
    assert naming == moved | set(OWN)


def test_what_hangs_on_calls_moves_before_the_calls():
    kinds = [type(part) for part in merging.parts]
    assert kinds.index(OfLead) < kinds.index(telephony.Rows)


def test_the_next_call_from_either_number_is_of_the_card_that_stays(world, client, kept, merge):
    merge()
    for number in (MOBILE, WORK):
        ring(client, number)
    with world.inside():
        assert set(Call.objects.values_list("lead", flat=True)) == {kept.pk}


def test_the_card_that_stays_is_found_by_what_moved(world, kept, merge):
    merge({"name": "gone"})
    with world.inside():
        for typed in ("0143", "stone", "dana@example.com"):
            found = search.search(world.user, world.acme, typed)
            assert [lead.pk for lead in found.leads] == [kept.pk], typed
        assert search.search(world.user, world.acme, "riverstone").leads == []


# --- Single values


def test_the_kept_leads_values_stay_and_an_empty_one_takes_the_others(kept, gone, merge, inside):
    lead = merge()
    assert plain(lead) == ["Dana Riverstone", "dana@example.com", "Ask for the garage code."]
    assert lead.value == 900
    assert lead.tags == ["roof", "leak"]


def test_a_value_is_taken_from_the_other_where_that_is_chosen(world, kept, gone, merge, inside):
    editing.update(gone, {"status": "won", "assigned_to": world.user, "source": world.source}, by=world.user)
    editing.update(kept, {"value": 5, "email": "other@example.com"}, by=world.user)
    chosen = dict.fromkeys(("name", "email", "status", "value", "source"), "gone")
    lead = merge(chosen | {"assigned_to": "kept"})
    assert plain(lead)[:2] == ["D. Stone", "dana@example.com"]
    assert (lead.status, lead.value, lead.source) == ("won", 900, world.source)
    assert lead.assigned_to == world.user, "nobody looked after the kept one"


def test_an_empty_value_is_never_taken(kept, gone, merge, world, inside):
    editing.update(gone, {"name": None}, by=world.user)
    assert plain(merge({"name": "gone"}))[0] == "Dana Riverstone"


def test_notes_of_both_cards_are_joined(kept, merge, world, inside):
    editing.update(kept, {"notes": "Two storeys."}, by=world.user)
    assert plain(merge())[2] == "Two storeys.\n\nAsk for the garage code."


def test_first_seen_is_the_earlier_and_last_contact_the_later(world, kept, gone, merge, inside):
    early, late = now() - timedelta(days=9), now() - timedelta(days=1)
    Lead.objects.filter(pk=gone.pk).update(created_at=early, last_contact_at=late)
    lead = merge()
    assert (lead.created_at, lead.last_contact_at) == (early, late)


@pytest.mark.parametrize("choices", [{"name": "both"}, {"phones": "kept"}, {"name": ""}])
def test_a_choice_that_is_none_is_refused(world, merge, choices, inside):
    with pytest.raises(Invalid):
        merge(choices)
    assert Lead.objects.count() == 2


# --- What cannot move


def test_more_than_ten_numbers_are_refused_and_nothing_moves(world, kept, gone, merge, inside):
    more = [(f"+1503555{n:04}", "other") for n in range(150, 159)]
    editing.change_phones(gone, add=more, by=world.user)
    with pytest.raises(Conflict, match="11 numbers"):
        merge()
    assert LeadPhone.objects.filter(lead=gone).count() == 10


def test_notes_that_are_too_long_together_are_refused(world, kept, gone, merge, inside):
    editing.update(kept, {"notes": "x" * 9_990}, by=world.user)
    with pytest.raises(Conflict, match="too long"):
        merge()


@pytest.mark.parametrize("table", ["note", "phone"])
def test_what_does_not_open_stops_the_merge_before_its_key_is_gone(world, kept, gone, merge, table, inside):
    editing.add_note(gone, "Has a dog.", by=world.user)

    spoil = {
        "note": "UPDATE leads_note SET body = set_byte(body, 40, get_byte(body, 40) # 1)",
        "phone": "UPDATE leads_leadphone SET number = set_byte(number, 40, get_byte(number, 40) # 1)",
    }
    rows(spoil[table] + " WHERE lead_id = %s", gone.pk)
    with pytest.raises(Conflict, match="cannot be opened"):
        merge()
    assert Lead.objects.count() == 2
    assert plain(kept) == ["Dana Riverstone", None, None]


# --- Twice, in a circle, with itself


def test_a_lead_is_not_merged_with_itself(kept, merge):
    with pytest.raises(Invalid):
        merge(other=kept)


def test_a_second_time_and_the_other_way_round_there_is_nothing_to_merge(kept, gone, merge):
    merge()
    with pytest.raises(NotFound):
        merge()
    with pytest.raises(NotFound):
        merge(one=gone, other=kept)


def test_a_chain_of_merges_leads_to_its_end_in_one_step(world, client, kept, gone, merge):
    last = add_lead(world.acme, name="Third Card")
    merge()
    merge(one=last, other=kept)
    login(client, world.user)
    for old in (kept, gone):
        assert client.get(f"/b/acme/leads/{old.pk}/").headers["Location"] == f"/b/acme/leads/{last.pk}/"
    with world.inside():
        assert set(LeadMerge.objects.values_list("kept", flat=True)) == {last.pk}


# --- What is remembered


def test_the_history_has_both_and_what_was_taken(world, kept, gone, merge, inside):
    merge({"name": "gone"})
    entry = Entry.objects.about(world.acme.pk, kept.pk).get(name="lead.merged")
    assert entry.data == {
        "lead_id": str(kept.pk),
        "gone_id": str(gone.pk),
        "taken": ["name", "email", "value"],
    }
    assert entry.actor == world.user.audit_actor


def test_a_merge_reveals_nothing_and_costs_no_reveal(world, merge, inside, settings):
    settings.RATE_LIMIT_REVEALS = "0/h"
    merge()
    assert not Entry.objects.filter(name__contains="revealed").exists()


def test_the_live_feed_tells_of_the_card_that_stays(kept, merge, inside):
    merge()
    assert FeedFrame.objects.filter(kind="lead.changed", object_id=kept.pk).exists()


def test_both_calls_and_both_histories_stand_on_one_timeline(world, client, kept, gone, merge):
    for lead, tag in ((kept, "before-one"), (gone, "before-two")):
        add_call(world.acme, lead, tags=[tag])
    with world.inside():
        editing.update(gone, {"status": "qualified"}, by=world.user)
    merge()
    page = login(client, world.owner).get(f"/b/acme/leads/{kept.pk}/").content.decode()
    for words in ("before-one", "before-two", "moved the lead from new to qualified", "merged another lead"):
        assert words in page, words


def test_an_old_address_leads_on_in_its_business_and_nowhere_else(world, client, kept, gone, merge):
    merge()
    login(client, world.user)
    answer = client.get(f"/b/acme/leads/{gone.pk}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/b/acme/leads/{kept.pk}/")
    login(client, world.rival_owner)
    theirs, nothing = (client.get(f"/b/rival/leads/{pk}/") for pk in (gone.pk, world.acme.pk))
    assert theirs.status_code == nothing.status_code == 404
    assert same_page(theirs) == same_page(nothing)


def test_the_old_address_goes_with_the_person(world, client, kept, gone, merge):
    merge()
    with world.inside():
        editing.delete(kept, by=world.owner)
    assert login(client, world.owner).get(f"/b/acme/leads/{gone.pk}/").status_code == 404


def same_page(answer):
    return answer.content.replace(answer.headers["X-Request-ID"].encode(), b"")
