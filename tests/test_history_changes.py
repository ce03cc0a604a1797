"""What the history tells of a changed setting: from what to what, in words, and the way to where it lives."""

import json

import pytest

from accounts import businesses
from audit.models import Entry
from audit.recording import entry_for
from callcrm.testing import login
from recordings.events import RetentionChanged
from recordings.retention import rules as retention
from telephony.flows import differences, versions
from telephony.hours import opening
from telephony.tests.flows import WHOLE, with_step

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPEN = {day: ["09:00-17:00"] if day not in ("sat", "sun") else [] for day in WEEKDAYS}


@pytest.fixture
def told(world):
    """What the newest entry of a name says was changed."""

    def read(name):
        with world.inside():
            entry = Entry.objects.of(world.acme.pk).filter(name=name).first()
        return [(each.what, each.before, each.after) for each in entry.changes]

    return read


def test_settings_say_what_each_was_and_is_and_a_name_says_neither(world, told):
    values = {"timezone": "America/New_York", "region": "CA", "asks_why_played": True, "name": "Nora's Roofs"}
    with world.inside():
        businesses.change(world.acme, values, by=world.owner)
    assert told("business.changed") == [
        ("time zone", "America/Los Angeles", "America/New York"),
        ("country", "United States", "Canada"),
        ("the question before a recording is played", "off", "on"),
        ("name", "", ""),
    ]
    with world.inside():
        [entry] = Entry.objects.of(world.acme.pk).filter(name="business.changed")
    assert "Nora" not in json.dumps(entry.data)


def test_opening_hours_say_which_days_and_not_how_they_are_called(world, told):
    day = {"2031-12-24": {"name": "Nora's birthday", "windows": ["09:00-12:00"]}}
    with world.inside():
        week = OPEN | {"mon": ["09:00-12:00", "13:00-18:30"], "sat": ["00:00-24:00"]}
        opening.change(world.acme, week=week, holidays=day, by=world.owner)
        assert told("hours.changed") == [
            ("Monday", "9 am – 5 pm", "9 am – noon, 1 pm – 6:30 pm"),
            ("Saturday", "closed", "all day"),
            ("Dec 24, 2031", "like any other week", "9 am – noon"),
        ]
        opening.change(world.acme, holidays={}, by=world.owner)
    assert told("hours.changed") == [("Dec 24, 2031", "9 am – noon", "like any other week")]


def test_a_day_that_is_called_otherwise_alone_is_no_change_of_hours(world, told):
    with world.inside():
        for name in ("Outing", "Nora's outing"):
            day = {"2031-12-24": {"name": name, "windows": []}}
            opening.change(world.acme, holidays=day, by=world.owner)
    assert told("hours.changed") == []


def test_a_rule_says_what_it_was_and_an_entry_of_before_that_what_it_became(world, told):
    with world.inside():
        for days in (90, 1, None):
            retention.change(world.acme, {"call": days}, by=world.owner)
        entries = Entry.objects.of(world.acme.pk).filter(name="retention.changed")
        said = [(one.before, one.after) for entry in entries for one in entry.changes]
        assert said == [("1 day", "kept"), ("90 days", "1 day"), ("kept", "90 days")]
        older = entry_for(
            RetentionChanged(kind="voicemail", days="30 days"), by=None, business_id=world.acme.pk
        )
        del older.data["changes"]
        older.save()
    assert told("retention.changed") == [("voicemail messages", "", "30 days")]
    assert older.sentence == "changed how long voicemail messages are kept"


def test_a_published_flow_says_its_versions_and_values_and_no_words_and_no_telephones(world, told):
    with world.inside():
        versions.put(world.number, WHOLE, by=world.owner)
        ring = {
            "seconds": 25,
            "record": False,
            "to": ("+15035550177",),
            "order": "in_turn",
            "whisper": "Nora",
        }
        versions.put(world.number, with_step("ring", **ring), by=world.owner)
    assert told("flow.published") == [
        ("version", "2", "3"),
        ("6. Ring people: telephones", "2", "1"),
        ("6. Ring people: order", "everyone at once", "one after the other"),
        ("6. Ring people: seconds", "20", "25"),
        ("6. Ring people: whisper", "", ""),
        ("6. Ring people: recording", "on", "off"),
    ]
    with world.inside():
        data = Entry.objects.of(world.acme.pk).filter(name="flow.published").first().data
    assert "Nora" not in json.dumps(data)
    assert "+1503" not in json.dumps(data)


def test_each_save_of_a_draft_says_what_it_changed_since_the_one_before_and_no_words(world, told):
    with world.inside():
        versions.save(world.number, WHOLE, state=None, by=world.owner)
        first = told("flow.saved")
        ring = {"seconds": 25, "to": ("+15035550177",), "whisper": "Nora"}
        versions.save(world.number, with_step("ring", **ring), state=None, by=world.owner)
        second = told("flow.saved")
        data = Entry.objects.of(world.acme.pk).filter(name="flow.saved").first().data
        versions.save(world.number, WHOLE, state=None, by=world.owner)
    assert ("2. Check opening hours", "", "added") in first
    assert second == [
        ("6. Ring people: telephones", "2", "1"),
        ("6. Ring people: seconds", "20", "25"),
        ("6. Ring people: whisper", "", ""),
    ]
    assert "Nora" not in json.dumps(data)
    assert "+1503" not in json.dumps(data)
    assert ("6. Ring people: seconds", "25", "20") in told("flow.saved")


def test_other_telephones_of_the_same_count_are_a_change_without_values():
    others = tuple(f"+1503555018{n}" for n in range(len(WHOLE.steps["ring"].to)))
    [change] = differences.between(WHOLE, with_step("ring", to=others))
    assert (change.what, change.before, change.after) == ("6. Ring people: telephones", "", "")


def test_a_step_that_came_or_went_says_so():
    less = WHOLE.without("sales")
    assert "taken out" in [change.after for change in differences.between(WHOLE, less)]
    assert "added" in [change.after for change in differences.between(less, WHOLE)]


def test_each_entry_leads_to_the_page_where_it_lives_and_shows_the_change_there(world, client):
    with world.inside():
        businesses.change(world.acme, {"region": "CA"}, by=world.owner)
        opening.change(world.acme, week=OPEN | {"mon": []}, by=world.owner)
        retention.change(world.acme, {"call": 30}, by=world.owner)
        versions.save(world.number, WHOLE, state=None, by=world.owner)
    page = " ".join(login(client, world.owner).get("/b/acme/audit/").content.decode().split())
    flow = f"numbers/{world.number.pk}/flow"
    for place, words in (
        ("settings", "settings"),
        ("hours", "opening hours"),
        ("retention", "retention rules"),
        ("team", "team"),
        (f"{flow}/versions/1", "version 1"),
        (flow, "call flow"),
    ):
        assert f'href="/b/acme/{place}/">Open {words}</a>' in page
    assert "Monday: from <b>9 am – 5 pm</b> to <b>closed</b>" in page
    assert "Country: from <b>United States</b> to <b>Canada</b>" in page
    assert "Recorded calls: from <b>kept</b> to <b>30 days</b>" in page


def test_whom_a_page_would_refuse_is_not_led_to_it(world, client, monkeypatch):
    with world.inside():
        retention.change(world.acme, {"call": 30}, by=world.owner)
    monkeypatch.setattr("accounts.permissions.GRANTS", {"owner": {"audit"}})
    monkeypatch.setattr("accounts.models.GRANTS", {"owner": {"audit"}})
    rows = login(client, world.owner).get("/b/acme/audit/").context["page"].rows
    assert {row.url for row in rows} == {""}


def test_many_changes_fold_after_five_of_them(world, client):
    days = {f"2031-01-{n:02}": {"name": "", "windows": []} for n in range(1, 10)}
    with world.inside():
        opening.change(world.acme, holidays=days, by=world.owner)
    page = login(client, world.owner).get("/b/acme/audit/?name=hours.changed").content.decode()
    shown, rest = page.split("<summary>4 more</summary>")
    assert shown.count("to <b>closed</b>") == 5
    assert rest.count("to <b>closed</b>") == 4
