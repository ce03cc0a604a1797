"""Whose calls are chosen can be marked as spam at once, and each is put back to where he stood."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Entry
from callcrm.errors import NotFound
from callcrm.testing import add_call, add_lead
from leads import editing as leads_editing
from leads.models import Lead
from telephony.bulk import changes
from telephony.models import FeedFrame


def stands(world, *leads):
    with world.inside():
        kept = dict(Lead.objects.values_list("pk", "status"))
    return [kept[lead.pk] for lead in leads]


def test_the_people_of_calls_are_marked_as_spam_and_put_back_to_where_they_stood(world, change, undo):
    nora, ira = (add_lead(world.acme, status=status) for status in ("qualified", "new"))
    calls = [add_call(world.acme, lead) for lead in (nora, nora, ira)]
    calls.append(add_call(world.acme, withheld=True))
    made = change(calls, "spam", "", by=world.user)
    assert stands(world, nora, ira) == ["spam", "spam"]
    assert made.before == {str(nora.pk): "qualified", str(ira.pk): "new"}
    assert undo(made, by=world.user) == changes.Undone(2, 0)
    assert stands(world, nora, ira) == ["qualified", "new"]
    with world.inside():
        told = FeedFrame.objects.filter(kind="lead.changed", object_id=nora.pk)
        assert sorted(told.values_list("state", flat=True)[:2]) == ["qualified", "spam"]
        said = Entry.objects.about(world.acme.pk, nora.pk).filter(name="lead.status_changed")
        assert [(one.data["before"], one.data["after"], one.actor) for one in said] == [
            ("spam", "qualified", world.user.audit_actor),
            ("qualified", "spam", world.user.audit_actor),
        ]


def test_who_was_spam_before_or_was_moved_on_since_or_is_gone_is_left_alone(world, change, undo):
    spam, moved, gone, same = (
        add_lead(world.acme, status=status) for status in ("spam", "new", "new", "won")
    )
    made = change([add_call(world.acme, lead) for lead in (spam, moved, gone, same)], "spam", "")
    with world.inside():
        leads_editing.update(moved, {"status": "qualified"}, by=world.admin)
        leads_editing.delete(gone, by=world.owner)
    assert undo(made) == changes.Undone(1, 2)
    assert stands(world, spam, moved, same) == ["spam", "qualified", "won"]


def test_nobody_marks_the_people_of_calls_that_he_does_not_see(world, change):
    mine, others, theirs = add_lead(world.acme), add_lead(world.acme), add_lead(world.rival)
    hidden = [add_call(world.acme, others, agent=world.admin), add_call(world.rival, theirs)]
    change([add_call(world.acme, mine), *hidden], "spam", "", by=world.user)
    assert stands(world, mine, others) == ["spam", "new"]
    with pytest.raises(NotFound):
        change(hidden, "spam", "", by=world.user)


def test_marking_many_people_costs_as_many_queries_as_marking_one(world, change, undo):
    def act(count):
        calls = [add_call(world.acme, add_lead(world.acme)) for _ in range(count)]
        with CaptureQueriesContext(connection) as made:
            undo(change(calls, "spam", ""))
        return len(made)

    assert act(1) == act(5)
