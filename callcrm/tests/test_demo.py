"""The demo is believable, the same each time, and made once."""

import json
import re
import stat
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from operator import attrgetter

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import Business, User
from accounts.permissions import Role
from audit.models import Entry
from callcrm import demo
from callcrm.lib.tenancy import business_scope
from callcrm.testing import PASSWORD, login
from leads import search
from leads.models import Lead, LeadPhone
from recordings import attempts, consent, fetching, retries
from recordings.models import Recording, RecordingPause
from recordings.retention import rules
from telephony import passports
from telephony.callbacks import ledger
from telephony.models import Call, Callback, CallbackMiss, CallLeg, Message, NumberRoute

MOST_STATEMENTS = 400

NOW = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR = tmp_path
    return tmp_path


class TheDemo(TestCase):
    """Made once for all of these, which only look."""

    @classmethod
    def setUpTestData(cls):
        cls.scene = demo.make(dict.fromkeys(Role.values, PASSWORD), NOW)

    def setUp(self):
        scope = business_scope(self.scene.business.pk)
        scope.__enter__()
        self.addCleanup(scope.__exit__, None, None, None)

    def test_three_months_of_calls_and_people(self):
        assert 900 <= Call.objects.count() <= 1_100
        assert 430 <= Lead.objects.count() <= 570
        assert LeadPhone.objects.count() == Lead.objects.count()
        assert CallLeg.objects.count() > Call.objects.count()
        assert Recording.objects.count() > 300
        assert Message.objects.count() > 60

    def test_most_who_were_missed_were_called_back_and_some_still_wait(self):
        debts, open_ones = Callback.objects.all(), Callback.objects.open()
        assert 4 <= open_ones.count() <= 60
        assert 0.3 < debts.filter(proof__isnull=False).count() / debts.count() < 0.8
        assert debts.exclude(reason="").count() > 20
        owed = sorted(call.pk for call in Call.objects.all() if ledger.is_owed(call))
        links = CallbackMiss.objects.exclude(call=None).values_list("call_id", flat=True)
        assert sorted(links) == owed

    def test_what_the_demo_owes_is_what_the_ledger_would_say(self):
        kept = Callback.objects.order_by("pk")
        before = list(kept.values())
        for call in Call.objects.exclude(lead=None).order_by("-started_at")[:150]:
            ledger.follow_call(call, by=None)
        assert list(kept.values()) == before

    def test_calls_come_when_an_office_is_open(self):
        hours = [call.started_at.astimezone(self.scene.business.tz) for call in Call.objects.all()]
        weekend = [at for at in hours if at.weekday() > 4]
        night = [at for at in hours if at.hour < 6 or at.hour > 21]
        assert 0.03 < len(weekend) / len(hours) < 0.15
        assert len(night) / len(hours) < 0.04
        assert max(hours) < NOW

    def test_every_outcome_has_its_share(self):
        calls = list(Call.objects.filter(direction="inbound"))
        count = Counter(call.outcome for call in calls)
        assert 0.55 < count["answered"] / len(calls) < 0.75
        assert all(0.04 < count[name] / len(calls) < 0.22 for name in ("missed", "voicemail", "abandoned"))
        assert any(call.state == "busy" for call in calls)
        assert 0.4 < sum(call.first_time_caller for call in calls) / len(calls) < 0.65
        assert any(call.withheld and call.lead_id is None for call in calls)

    def test_what_a_call_says_agrees_with_itself(self):
        for call in Call.objects.prefetch_related("legs"):
            legs = list(call.legs.all())
            assert call.answered == (call.outcome == "answered") == any(leg.bridged for leg in legs)
            assert call.answered == (call.agent_id is not None) or call.direction == "outbound"
            assert call.started_at < call.ended_at < NOW
            assert call.duration_seconds >= call.ring_seconds + (call.talk_seconds or 0)
            assert call.outcome != "abandoned" or call.duration_seconds < 15
            assert call.has_voicemail == (call.outcome == "voicemail")

    def test_order_by_id_is_order_by_time(self):
        for rows, at in ((Call.objects, "started_at"), (Lead.objects, "created_at"), (Entry.objects, "at")):
            times = [int(t.timestamp() * 1000) for t in rows.order_by("pk").values_list(at, flat=True)]
            assert times == sorted(times)

    def test_people_are_invented_and_their_numbers_ring_nowhere(self):
        numbers = [phone.number.reveal() for phone in LeadPhone.objects.select_related("lead")]
        assert len(set(numbers)) == len(numbers)
        assert all(re.fullmatch(r"\+1[2-9]\d\d55501\d\d", number) for number in numbers)
        assert not set(numbers) & set(NumberRoute.objects.values_list("e164", flat=True))
        emails = [lead.email.reveal() for lead in Lead.objects.exclude(email__isnull=True)]
        assert len(emails) > 80
        assert all(email.endswith(".example") for email in emails)

    def test_somebody_of_the_demo_is_found_by_name_and_by_number(self):
        owner, business = self.scene.members["owner"], self.scene.business
        person = next(person for person in self.scene.people if person.lead.name)
        for text in (person.lead.name.reveal(), person.number, person.number[-4:]):
            found = search.search(owner, business, text, size=500).leads
            assert person.lead.pk in {lead.pk for lead in found}

    def test_the_history_is_of_its_time_and_names_nobody(self):
        entries = list(Entry.objects.of(self.scene.business.pk))
        assert len(entries) > 3_000
        assert all(entry.at <= NOW for entry in entries)
        assert (NOW - entries[-1].at).days >= 90
        assert not any("@" in str(entry.data) or "+1" in str(entry.data) for entry in entries)

    def test_what_is_deleted_a_rule_has_deleted_in_its_night_and_the_history_says_so(self):
        business = self.scene.business
        gone = list(Recording.objects.filter(state="deleted").with_rules())
        assert len(gone) > 300
        for recording in gone:
            due = recording.created_at + timedelta(days=recording.keep_days)
            assert due < recording.deleted_at < due + timedelta(hours=26), recording.created_at
            assert recording.deleted_at.astimezone(business.tz).hour == rules.QUIET.hour
        history = Entry.objects.of(business.pk)
        for name in ("recording.stored", "recording.deleted"):
            told = set(history.filter(name=name).values_list("subject_id", flat=True))
            assert told == {recording.pk for recording in gone}, name
        assert {e.data["kind"]: e.data["days"] for e in history.filter(name="retention.changed")} == {
            "call": "7 days",
            "voicemail": "30 days",
        }
        assert not rules.going(business.pk, NOW - rules.LATE).exists()

    def test_a_talk_was_paused_and_the_history_says_so(self):
        [paused] = RecordingPause.objects.select_related("recording__call")
        [(begin, end)] = attempts.wanted(paused.recording).silent
        assert 0 < begin < end < paused.recording.duration_seconds
        told = Entry.objects.filter(subject_id=paused.recording_id).values_list("name", flat=True)
        assert {"recording.paused", "recording.resumed"} <= set(told)

    def test_who_was_answered_was_recorded_unless_his_call_says_why_not(self):
        talks = Call.objects.filter(answered_at__isnull=False).select_related("flow__number")
        unrecorded = talks.filter(recordings=None)
        assert 20 < unrecorded.count() < talks.count() / 4
        said = {passports.of_call(call, []).why for call in unrecorded}
        assert said == {"The call flow does not record."}

    def test_one_recording_may_not_be_kept_for_nobody_was_told(self):
        told = Recording.objects.select_related("call")
        untold, blocked = sorted(
            (one for one in told if not consent.may_keep(one)), key=attrgetter("state"), reverse=True
        )
        assert (untold.state, blocked.state) == ("pending", "blocked"), "the job of one finds that out"
        fetching.fetch(self.scene.business.pk, untold.pk)
        untold.refresh_from_db()
        assert (untold.state, untold.call.records) == ("blocked", False)

    def test_whatever_can_become_of_a_recording_has_become_of_one(self):
        count = Counter(Recording.objects.exclude(failure="").values_list("state", "failure"))
        wrong = {("failed", "cut_short"): 1, ("failed", "wrong_length"): 1, ("pending", "status_429"): 1}
        assert count == wrong
        assert Recording.objects.filter(state="absent", call__outcome="missed").count() == 2
        states = set(Recording.objects.values_list("state", flat=True)) | {"stored"}  # which takes a worker
        assert states == {*Recording.State.values}
        fresh = Call.objects.filter(started_at__gt=NOW - timedelta(days=8))
        assert fresh.filter(recording_state="failed").count() >= 1

    def test_what_failed_is_there_once_somebody_asks_for_it_again(self):
        [one] = Recording.objects.filter(state="failed", kind="voicemail")
        assert one.next_attempt_at > NOW + timedelta(hours=6), "till then it can be looked at"
        assert not one.is_here
        retries.retry(one, by=self.scene.members["user"])
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(RECORDINGS_STORAGE_URL=f"file://{folder}"),
        ):
            fetching.fetch(self.scene.business.pk, one.pk)
        one.refresh_from_db()
        assert (one.state, one.failure) == ("stored", "")

    def test_it_is_the_same_each_time(self):
        made = self.scene
        again = demo.gather(made.business, made.members, made.numbers, NOW)
        for scene in (made, again):
            scene.shown = (
                [(call.provider_id, call.started_at, call.outcome) for call in scene.calls],
                [str(person.lead.name and person.lead.name.reveal()) for person in scene.people],
                [(message.state, message.created_at) for message in scene.messages],
                [(entry.name, entry.at) for entry in scene.entries],
            )
        assert again.shown == made.shown

    def test_the_pages_show_it(self):
        login(self.client, self.scene.members["user"])
        for page in ("", "calls/", "leads/", "messages/"):
            assert self.client.get(f"/b/acme/{page}").status_code == 200


def test_the_command_makes_it_once_and_tells_who_may_log_in(db, var, client, capsys):
    with CaptureQueriesContext(connection) as asked:
        call_command("demo", "--json")
    assert len(asked) < MOST_STATEMENTS  # of some ten thousand rows: they are written in bulk
    assert json.loads(capsys.readouterr().out)["made"] is True
    kept = json.loads((var / "demo.json").read_text())
    assert stat.S_IMODE((var / "demo.json").stat().st_mode) == 0o600
    assert (kept["business"], [user["role"] for user in kept["users"]]) == (
        "acme",
        ["owner", "admin", "user"],
    )
    for user in kept["users"]:
        answer = client.post("/login", {"email": user["email"], "password": user["password"]})
        assert answer.headers["Location"] == "/"
        client.post("/logout")
    call_command("demo", "--json")
    assert json.loads(capsys.readouterr().out) == {"made": False}
    assert json.loads((var / "demo.json").read_text()) == kept
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_start_on_another_port_corrects_the_address_alone(world, var, settings):
    (var / "demo.json").write_text('{"url": "http://127.0.0.1:1", "users": [1]}')
    call_command("demo")
    assert json.loads((var / "demo.json").read_text()) == {"url": settings.PUBLIC_BASE_URL, "users": [1]}


def test_it_is_not_made_beside_a_business_or_in_production(world, var, settings):
    call_command("demo")
    assert not (var / "demo.json").exists()
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="development"):
        call_command("demo")


def test_a_demo_that_cannot_be_kept_leaves_nothing(db, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.VAR = tmp_path / "file"
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("demo")
    assert not Business.objects.exists()
