"""By which rule a recording was deleted is said in the same words wherever it is said."""

import re
from html import unescape

import pytest

from audit.events import sentence_of
from audit.models import Entry
from callcrm.testing import add_call, login
from recordings.models import Recording
from recordings.retention import deletions, ends
from recordings.retention import rules as retention
from recordings.tests.waiting import again, told

RULES = [
    ("retention", "Deleted by the retention rule (90 days)"),
    ("card_data", "Deleted: it held card data"),
    ("person", "Deleted with the person's data"),
    ("request", "Deleted on request"),
    ("untold", "Deleted: recorded without notice"),
]


@pytest.mark.parametrize(("rule", "words"), RULES)
def test_list_panel_page_history_and_retention_page_say_the_same(world, client, rule, words):
    recording = told(world, add_call(world.acme), state="stored", key=b"x", next_attempt_at=None)
    days = 90 if rule == "retention" else 0
    with world.inside():
        by = None if rule == "retention" else world.owner
        deletions.end([recording], Recording.Rule(rule), by=by, days=days)
    login(client, world.owner)
    for page in ("calls/", f"calls/{recording.call_id}/panel/", f"calls/{recording.call_id}/", "retention/"):
        text = unescape(client.get(f"/b/acme/{page}").content.decode())
        assert re.search(re.escape(words), text, re.IGNORECASE), page
    history = unescape(client.get("/b/acme/audit/?name=recording.deleted").content.decode())
    assert words.replace("Deleted", "Deleted a recording") in history


def test_every_rule_has_words_of_its_own():
    said = [ends.words(rule) for rule in Recording.Rule.values]
    assert len({*said, ends.words("")}) == len(said) + 1
    assert ends.words("retention", 1).endswith("(1 day)")


def test_an_entry_of_before_the_days_were_kept_still_reads_well():
    assert (
        sentence_of("recording.deleted", {"rule": "retention"}) == "deleted a recording by the retention rule"
    )
    assert sentence_of("recording.deleted", {}) == "deleted a recording"


def test_the_days_are_those_of_the_rule_as_it_was_then(world):
    recording = told(world, add_call(world.acme), state="stored", key=b"x", next_attempt_at=None)
    with world.inside():
        retention.change(world.acme, {"call": 1}, by=world.owner)
    retention.sweep_all(world.acme.pk, recording.created_at + 2 * (retention.LATE + retention.LATE))
    with world.inside():
        retention.change(world.acme, {"call": 400}, by=world.owner)
    gone = again(world, recording)
    assert (gone.told, gone.deleted_days) == ("Deleted by the retention rule (1 day).", 1)
    [entry] = Entry.objects.filter(name="recording.deleted")
    assert entry.sentence == "deleted a recording by the retention rule (1 day)"
