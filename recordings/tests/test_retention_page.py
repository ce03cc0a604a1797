"""The page of retention: the rules, what goes tonight, what is held, what went; less is asked about twice."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts import businesses
from accounts.models import Business
from audit.models import Entry
from callcrm.testing import add_call, add_lead, assert_flat_queries, login
from leads import editing
from leads.models import Lead
from recordings.listening import notes
from recordings.models import Recording
from recordings.retention import deletions, holds
from recordings.retention import rules as retention
from recordings.tests.waiting import again, jobs, told, untold
from telephony.models import Call

pytestmark = pytest.mark.django_db
PAGE = "/b/acme/retention/"
COPIES = f"{PAGE}provider-copies/"
OLD = timedelta(days=40)


def old(world, **values):
    return told(world, **{"state": "stored", "created_at": now() - OLD, "next_attempt_at": None} | values)


def rules(world):
    with world.inside():
        return retention.rules_of(world.acme.pk)


def save(client, **form):
    """Send the form as the page draws it now, with other values."""
    drawn = re.search(r'name="drawn" value="([^"]*)"', client.get(PAGE).content.decode())[1]
    return client.post(PAGE, {"call": "", "voicemail": "", "drawn": drawn} | form)


def act(client, name, recording, **form):
    return client.post(reverse(name, args=["acme", recording.pk]), form)


def page_of(client, recording):
    return client.get(reverse("call", args=["acme", recording.call_id])).content.decode()


def token(answer):
    return re.search(r'name="confirm" value="([^"]+)"', answer.content.decode())[1]


# --- The rules


def test_the_settings_lead_to_it_and_it_says_that_everything_is_kept(world, client):
    login(client, world.admin)
    assert PAGE in client.get("/b/acme/settings/").content.decode()
    assert "Empty: kept until somebody deletes them." in client.get(PAGE).content.decode()


def test_users_have_no_such_page(world, client):
    assert login(client, world.user).get(PAGE).status_code == 403


def test_less_time_shows_what_would_go_and_asks_before_it_counts(world, client):
    recording = old(world)
    login(client, world.admin)
    asked = save(client, call="30")
    text = asked.content.decode()
    assert "1 recording goes by" in text
    assert str(recording.call_id) in text
    assert "<dd>From kept to 30 days</dd>" in text
    assert "<dd>Kept, as now</dd>" in text
    assert rules(world)["call"] is None
    done = save(client, call="30", confirm=token(asked))
    assert (done.status_code, rules(world)["call"]) == (302, 30)
    assert again(world, recording).state == "stored", "it goes at night"
    assert str(recording.call_id) in client.get(PAGE).content.decode()


def test_of_many_that_would_go_some_are_listed_and_all_are_counted(world, client, monkeypatch):
    monkeypatch.setattr("recordings.retention.pages.ASKED_SHOWN", 25)
    call = add_call(world.acme)
    for _ in range(27):
        old(world, call=call)
    text = save(login(client, world.admin), call="30").content.decode()
    assert "27 recordings go by" in text
    assert "And 2 older." in text


def test_a_confirmation_is_for_the_days_that_were_shown(world, client):
    login(client, world.admin)
    confirm = token(save(client, call="30"))
    assert save(client, call="3", confirm=confirm).status_code == 422
    assert rules(world)["call"] is None


def test_of_two_who_change_the_rules_the_second_is_told_and_nothing_goes_sooner(world, client):
    with world.inside():
        retention.change(world.acme, {"call": 30, "voicemail": 30}, by=world.owner)
    login(client, world.admin)
    drawn = "call=30 voicemail=30"
    with world.inside():
        retention.change(world.acme, {"call": 90}, by=world.owner)
    late = client.post(PAGE, {"call": "30", "voicemail": "60", "drawn": drawn})
    text = late.content.decode()
    assert late.status_code == 422
    assert "Somebody else has changed how long recordings are kept" in text
    assert re.findall(r'name="(?:call|voicemail)" value="([0-9]*)"', text) == ["90", "30"]
    assert 'value="call=90 voicemail=30"' in text
    assert rules(world) == {"call": 90, "voicemail": 30}
    asked = save(client, call="45", voicemail="60")
    assert "<dd>From 90 days to 45 days</dd>" in asked.content.decode()


def test_what_changes_while_one_is_asked_is_not_overwritten_by_the_answer(world, client):
    login(client, world.admin)
    asked = save(client, call="30")
    with world.inside():
        retention.change(world.acme, {"call": 90}, by=world.owner)
    form = {"call": "30", "voicemail": "", "drawn": "call=kept voicemail=kept", "confirm": token(asked)}
    assert client.post(PAGE, form).status_code == 422
    assert rules(world)["call"] == 90


def test_more_time_is_not_asked_about(world, client):
    with world.inside():
        retention.change(world.acme, {"call": 30}, by=world.owner)
    login(client, world.admin)
    assert save(client, call="60").status_code == 302
    assert save(client, call="").status_code == 302
    assert rules(world) == {"call": None, "voicemail": None}


@pytest.mark.parametrize("days", ["0", "-1", "3651", "x", "1.5", "9" * 5000])
def test_days_that_are_none_are_said_at_their_field(world, client, days):
    answer = save(login(client, world.admin), call=days)
    assert answer.status_code == 422
    assert rules(world)["call"] is None


def test_it_lists_what_is_held_and_what_went(world, client):
    gone, kept = old(world), old(world)
    with world.inside():
        holds.hold(kept, Recording.HoldReason.LAWSUIT, by=world.owner)
        retention.change(world.acme, {"call": 30}, by=world.owner)
    retention.sweep_all(world.acme.pk, now())
    text = login(client, world.admin).get(PAGE).content.decode()
    assert [gone.call_id, "0:05", "Deleted by the retention rule (30 days)"] == said_of_the_gone(text)
    assert "Lawsuit, held by owner" in text
    assert [again(world, one).state for one in (gone, kept)] == ["deleted", "stored"]


def said_of_the_gone(page):
    """The call that the first row leads to, how long its recording was, and by what it went."""
    row = page.partition("Deleted lately")[2].split("<li>")[1]
    call = UUID(re.search(r"/calls/([^/]+)/", row)[1])
    length = re.search(r">Call of .*, ([0-9:]+)</a>", row, re.DOTALL)[1]
    return [call, length, re.findall(r'<span class="sub">([^,<]+),', row)[-1]]


def test_each_line_says_when_the_call_was_whose_and_of_which_source(world, client):
    begun = datetime(2026, 9, 18, 19, 46, 40, tzinfo=UTC)
    call = add_call(world.acme, add_lead(world.acme, name="Nora Quill"), agent=world.user, started_at=begun)
    recording = old(world, call=call, created_at=begun + timedelta(seconds=30))
    with world.inside():
        source = Call.objects.select_related("source").get(pk=call.pk).source.name
    login(client, world.admin)
    asked = save(client, call="30").content.decode()
    with world.inside():
        retention.change(world.acme, {"call": 30}, by=world.owner)
    tonight = client.get(PAGE).content.decode()
    with world.inside():
        holds.hold(recording, Recording.HoldReason.LAWSUIT, by=world.owner)
    for text in (asked, tonight, client.get(PAGE).content.decode()):
        [line] = [row for row in text.split("<li>") if str(call.pk) in row]
        assert "12:46 pm<" in line
        assert "12:47 pm" not in line.partition("kept until")[0]
        assert ", 0:05</a>" in line
        assert f'<span class="sub">{shown(world, call)} <' in line
        assert f" · {source} · user</span>" in line


def shown(world, call):
    with world.inside():
        return Call.objects.select_related("lead").get(pk=call.pk).shown_caller


def test_who_deleted_one_by_hand_is_named_with_the_reason(world, client):
    recording = old(world)
    with world.inside():
        deletions.delete(recording, Recording.Rule.CARD_DATA, by=world.admin)
    page = login(client, world.admin).get(PAGE).content.decode()
    assert said_of_the_gone(page) == [recording.call_id, "0:05", "Deleted: it held card data"]
    assert "Deleted: it held card data, by admin," in page


def test_it_costs_the_same_with_many(world, client):
    login(client, world.admin)
    with world.inside():
        retention.change(world.acme, {"call": 30}, by=world.owner)

    def grow():
        call = add_call(world.acme, add_lead(world.acme), agent=world.user)
        old(world, call=call)
        held = old(world, call=call)
        gone = told(world, call=call, created_at=now() - 2 * OLD)
        with world.inside():
            holds.hold(held, Recording.HoldReason.OTHER, by=world.owner)
        retention.expire(world.acme.pk, gone.pk, now())

    assert_flat_queries(lambda: client.get(PAGE), grow)


def test_the_question_costs_the_same_with_many(world, client):
    login(client, world.admin)
    assert_flat_queries(lambda: save(client, call="30"), lambda: old(world))


# --- The provider's copies


def test_an_admin_has_copies_deleted_at_the_provider_once_that_is_confirmed(world, client):
    login(client, world.admin)
    asked = client.post(COPIES, {"delete_at_provider": "on"})
    assert "is deleted there unheard: then there is none." in asked.content.decode()
    assert not deletes_at_provider(world)
    form = {"delete_at_provider": "on", "confirm": token(asked)}
    assert client.post(COPIES, form).status_code == 302
    assert deletes_at_provider(world)
    assert " checked" in client.get(PAGE).content.decode()
    history = " ".join(client.get("/b/acme/audit/").content.decode().split())
    assert "the deletion of the provider&#x27;s copies: from <b>off</b> to <b>on</b>" in history.replace(
        "The", "the"
    )


def test_that_the_provider_keeps_its_copies_again_is_not_asked_about(world, client):
    businesses.change(world.acme, {"delete_at_provider": True}, by=world.owner)
    assert login(client, world.admin).post(COPIES, {}).status_code == 302
    assert not deletes_at_provider(world)


def deletes_at_provider(world):
    return Business.objects.get(pk=world.acme.pk).delete_at_provider


# --- One recording


def test_the_line_of_a_recording_says_until_when_it_is_kept(world, client):
    recording = told(world, state="stored")
    login(client, world.user)
    assert "Kept until" not in page_of(client, recording)
    with world.inside():
        retention.change(world.acme, {"call": 30}, by=world.owner)
    assert "Kept until" in page_of(client, recording)


def test_an_admin_holds_and_lifts_and_both_stand_in_the_history(world, client):
    recording = told(world, state="stored")
    login(client, world.admin)
    assert act(client, "recording-holds", recording, reason="complaint").status_code == 302
    assert act(client, "recording-holds", recording, reason="lawsuit").status_code == 302
    held = again(world, recording)
    assert (held.hold_reason, held.held_by_id) == ("complaint", world.admin.pk)
    text = page_of(client, recording)
    assert "Lift the hold" in text
    assert "Contains card data" not in text
    assert act(client, "recording-hold-liftings", recording).status_code == 302
    assert act(client, "recording-hold-liftings", recording).status_code == 302
    assert not again(world, recording).is_held
    names = [e.name for e in Entry.objects.filter(subject_id=recording.pk).order_by("at")]
    assert names == ["recording.held", "recording.hold_lifted"]


@pytest.mark.parametrize("reason", ["", "because", "\0"])
def test_a_hold_wants_one_of_the_reasons(world, client, reason):
    recording = told(world, state="stored")
    assert act(login(client, world.admin), "recording-holds", recording, reason=reason).status_code == 422
    assert not again(world, recording).is_held


@pytest.mark.parametrize("state", ["deleted", "absent"])
def test_there_is_nothing_to_hold_of_what_is_gone(world, client, state):
    recording = told(world, state=state, next_attempt_at=None)
    assert act(login(client, world.admin), "recording-holds", recording, reason="other").status_code == 409


@pytest.mark.parametrize("name", ["recording-holds", "recording-hold-liftings", "recording-deletions"])
def test_who_may_not_delete_neither_holds_nor_deletes(world, client, name):
    recording = told(world, state="stored")
    login(client, world.user)
    assert act(client, name, recording, reason="other").status_code == 403
    text = page_of(client, recording)
    assert "Contains card data" not in text
    assert "Legal hold" not in text
    assert act(login(client, world.rival_owner), name, recording, reason="other").status_code == 404


def test_who_hears_card_data_and_may_not_delete_it_is_told_whom_to_tell(world, client):
    recording = told(world, state="stored")
    report = f"{reverse('call-problems', args=['acme', recording.call_id])}?kind=card_data"
    assert report in page_of(login(client, world.user), recording)
    assert report not in page_of(login(client, world.admin), recording)


def test_card_data_is_deleted_once_that_is_confirmed(world, client):
    recording = told(world, state="stored", key=b"wrapped")
    login(client, world.admin)
    assert "Contains card data: delete" in page_of(client, recording)
    asked = act(client, "recording-deletions", recording, rule="card_data")
    assert "for good, here and at the provider" in asked.content.decode()
    assert again(world, recording).state == "stored"
    confirm = token(asked)
    assert act(client, "recording-deletions", recording, rule="card_data", confirm=confirm).status_code == 302
    gone = again(world, recording)
    assert (gone.state, gone.deleted_by, gone.key) == ("deleted", "card_data", None)
    assert "Deleted: it held card data." in page_of(client, recording)
    assert act(client, "recording-deletions", recording, rule="card_data", confirm=confirm).status_code == 422


@pytest.mark.parametrize("state", ["pending", "failed"])
@pytest.mark.parametrize("rule", ["card_data", "request"])
def test_one_that_is_not_here_is_deleted_at_the_provider_for_either_reason(world, client, state, rule):
    recording = told(world, state=state, failure="status_500")
    login(client, world.admin)
    assert f'name="rule" value="{rule}"' in page_of(client, recording)
    asked = act(client, "recording-deletions", recording, rule=rule)
    assert "It is not here. It is not fetched any more." in asked.content.decode()
    act(client, "recording-deletions", recording, rule=rule, confirm=token(asked))
    gone = again(world, recording)
    assert (gone.state, gone.deleted_by, gone.provider_copy) == ("deleted", rule, "leaving")
    assert jobs("remove_deleted").count() == 1


def test_a_blocked_one_goes_at_the_provider_by_a_button_whatever_the_setting_says(world, client):
    recording = told(world, untold(world), state="blocked", next_attempt_at=None)
    text = page_of(login(client, world.admin), recording)
    assert "stays there until somebody deletes it." in text
    assert "Contains card data" not in text
    asked = act(client, "recording-deletions", recording, rule="untold")
    assert "Delete the recording at the provider?" in asked.content.decode()
    act(client, "recording-deletions", recording, rule="untold", confirm=token(asked))
    gone = again(world, recording)
    assert (gone.state, gone.deleted_by, gone.provider_copy) == ("deleted", "untold", "leaving")
    assert "Deleted: recorded without notice." in page_of(client, recording)


def test_what_was_not_blocked_is_not_deleted_as_such(world, client):
    recording = told(world, state="stored")
    login(client, world.admin)
    confirm = token(act(client, "recording-deletions", recording, rule="untold"))
    assert act(client, "recording-deletions", recording, rule="untold", confirm=confirm).status_code == 409
    assert again(world, recording).state == "stored"


def test_one_that_goes_on_is_paused_and_not_deleted(world, client):
    call = add_call(world.acme, state="in-progress", outcome="", ended_at=None)
    recording = told(world, call, is_complete=False, asked_since=None, next_attempt_at=None)
    assert 'name="rule"' not in page_of(login(client, world.admin), recording)


@pytest.mark.parametrize("rule", ["", "retention", "person", "x"])
def test_a_deletion_wants_one_of_the_reasons(world, client, rule):
    recording = told(world, state="stored")
    assert act(login(client, world.admin), "recording-deletions", recording, rule=rule).status_code == 422


def test_a_confirmation_is_for_the_reason_that_was_given(world, client):
    recording = told(world, state="stored")
    confirm = token(act(login(client, world.admin), "recording-deletions", recording, rule="request"))
    changed = act(client, "recording-deletions", recording, rule="card_data", confirm=confirm)
    assert (changed.status_code, again(world, recording).state) == (422, "stored")


def test_who_is_asked_reads_what_else_goes_with_it(world, client):
    recording = told(world, state="stored", audio_seconds=5)
    login(client, world.admin)
    assert (
        "goes with it" not in act(client, "recording-deletions", recording, rule="card_data").content.decode()
    )
    with world.inside():
        for body in ("Wants a quote.", "Reads out a card."):
            notes.add(recording, 3, body, by=world.admin)
        kept = Recording.objects.select_related("call__lead").get(pk=recording.pk)
        kept.transcript = "My card is …"
        kept.save()
    asked = act(client, "recording-deletions", recording, rule="card_data").content.decode()
    assert "What is written of it goes with it: 2 notes and the written message." in asked
    assert "My card" not in asked


def test_a_confirmation_is_for_one_recording(world, client):
    one, other = told(world, state="stored"), told(world, state="stored")
    confirm = token(act(login(client, world.admin), "recording-deletions", one, rule="card_data"))
    assert act(client, "recording-deletions", other, rule="card_data", confirm=confirm).status_code == 422
    assert again(world, other).state == "stored"


def test_card_data_under_a_hold_stays_and_the_refusal_says_why(world, client):
    recording = told(world, state="stored")
    login(client, world.admin)
    confirm = token(act(client, "recording-deletions", recording, rule="card_data"))
    act(client, "recording-holds", recording, reason="lawsuit")
    for form in ({}, {"confirm": confirm}):
        refused = act(client, "recording-deletions", recording, rule="card_data", **form)
        assert refused.status_code == 409
        assert "Lift the hold first." in refused.content.decode()
    assert again(world, recording).state == "stored"


def test_a_person_is_not_deleted_while_a_recording_of_his_is_held(world, client):
    lead = add_lead(world.acme)
    recording = told(world, add_call(world.acme, lead), state="stored")
    login(client, world.admin)
    act(client, "recording-holds", recording, reason="lawsuit")
    refused = client.post(reverse("lead-deletions", args=["acme", lead.pk]), {"confirm": "delete"})
    assert refused.status_code == 409
    assert "<h1>Not possible now</h1>" in refused.content.decode()
    assert "Lift the hold first." in refused.content.decode()
    sheet = deletion_of(client, lead)
    assert "A recording of this person is under a legal hold." in sheet
    assert reverse("call", args=["acme", recording.call_id]) in sheet
    assert "Type delete" not in sheet
    act(client, "recording-hold-liftings", recording)
    assert "Type delete to confirm" in deletion_of(client, lead)
    with world.inside():
        editing.delete(Lead.objects.get(pk=lead.pk), by=world.admin)
        assert not Lead.objects.filter(pk=lead.pk).exists()


def deletion_of(client, lead):
    page = client.get(reverse("lead", args=["acme", lead.pk])).content.decode()
    return page.partition('id="deletion"')[2]
