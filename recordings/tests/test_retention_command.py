"""`manage.py retention` deletes what is due, or says what would go; a program reads one JSON object."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from recordings.models import Recording
from recordings.retention import holds, rules
from recordings.tests.waiting import again, told

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def three(world):
    """One that is due, one that is due and held, one that is not due."""
    due, held = (told(world, state="stored", created_at=now() - timedelta(days=40)) for _ in range(2))
    with world.inside():
        rules.change(world.acme, {"call": 30}, by=world.owner)
        holds.hold(held, Recording.HoldReason.OTHER, by=world.owner)
    return due, held, told(world, state="stored")


def test_a_dry_run_lists_what_would_go_and_deletes_nothing(world, three):
    due = three[0]
    said = json.loads(run("--dry-run", "--json"))
    until = due.created_at + timedelta(days=30)
    row = {
        "id": str(due.pk),
        "call": str(due.call_id),
        "kind": "call",
        "created_at": due.created_at.isoformat(timespec="seconds"),
        "keep_until": until.isoformat(timespec="seconds"),
    }
    assert said == {"would_delete": [row], "held": 1}
    assert [again(world, one).state for one in three] == ["stored"] * 3
    assert f"would_delete.{due.pk}: call of " in run("--dry-run", "--business", "acme")


def test_it_deletes_what_the_dry_run_has_listed(world, three):
    assert json.loads(run("--json")) == {"deleted": 1, "held": 1, "kept": 1}
    assert [again(world, one).state for one in three] == ["deleted", "stored", "stored"]
    assert json.loads(run("--json")) == {"deleted": 0, "held": 1, "kept": 1}


def test_another_business_is_left_alone(world, three):
    assert json.loads(run("--business", "rival", "--json")) == {"deleted": 0, "held": 0, "kept": 0}
    assert again(world, three[0]).state == "stored"
    assert run("--business", "acme").split("\n")[0] == "deleted: 1"


def test_a_business_that_is_none_is_one_sentence(db):
    with pytest.raises(CommandError, match=r"^There is no business with this slug\.$"):
        run("--business", "nobody")
