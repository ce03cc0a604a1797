"""Drafts are saved by who has seen the last one; what is published never changes, and nothing unsafe is published."""

import threading
from dataclasses import replace

import pytest
from django.db import connection

from audit.models import Entry
from callcrm.errors import Conflict, Invalid
from callcrm.lib.tenancy import business_scope
from callcrm.testing import DESTINATION, NUMBER
from telephony.flows import differences, documents, versions
from telephony.models import FlowDraft, FlowVersion, TrackingNumber
from telephony.tests.flows import OFFICE, VAN, WHOLE, with_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(world):
    with world.inside():
        yield TrackingNumber.objects.select_related("business", "published").get(pk=world.number.pk)


def save(number, flow, world, state=None):
    return versions.save(number, flow, state=state, by=world.owner)


def told(world):
    return list(Entry.objects.filter(name__startswith="flow.").order_by("id").values_list("name", flat=True))


def test_a_number_has_a_published_flow_from_its_beginning(number):
    assert (number.published.version, number.forward_to) == (1, [DESTINATION])
    assert versions.current(number).state == "1.0"


def test_a_draft_is_kept_and_answers_nothing_until_it_is_published(world, number):
    saved = save(number, WHOLE, world)
    assert (saved.state, saved.draft.updated_by) == ("1.1", world.owner)
    assert versions.current(number).flow == WHOLE
    number.refresh_from_db()
    assert number.published.version == 1
    version = versions.publish(number, by=world.owner)
    number.refresh_from_db()
    assert (version.version, number.published_id, set(number.forward_to)) == (2, version.pk, {OFFICE, VAN})
    assert versions.current(number).state == "2.0"
    assert told(world) == ["flow.published", "flow.saved", "flow.published"]


def test_saving_what_is_there_changes_nothing(world, number):
    save(number, number.published.flow, world)
    assert not FlowDraft.objects.exists()
    assert told(world) == ["flow.published"]


def test_who_is_late_is_told_and_nothing_is_lost(world, number):
    seen = versions.current(number).state
    save(number, WHOLE, world, seen)
    with pytest.raises(Conflict):
        save(number, with_step("ring", seconds=15), world, seen)
    assert versions.current(number).flow == WHOLE


def test_who_drew_the_page_before_a_publication_is_late_too(world, number):
    seen = versions.current(number).state
    save(number, WHOLE, world)
    versions.publish(number, by=world.owner)
    with pytest.raises(Conflict):
        save(number, with_step("ring", seconds=15), world, seen)


def test_what_would_strand_a_caller_is_not_published(world, number):
    save(number, with_step("ring", with_step("greeting", notice=""), to=()), world)
    with pytest.raises(Invalid) as refusal:
        versions.publish(number, by=world.owner)
    assert set(refusal.value.fields) == {"steps.ring.to", "steps.ring.record", "steps.sales.record"}
    assert FlowVersion.objects.filter(number=number).count() == 1
    assert FlowDraft.objects.exists()


def test_a_telephone_that_is_a_tracking_number_is_refused(world, number):
    save(number, with_step("ring", to=(NUMBER,)), world)
    with pytest.raises(Invalid) as refusal:
        versions.publish(number, by=world.owner)
    assert set(refusal.value.fields) == {"steps.ring.to"}


def test_publishing_without_a_draft_changes_nothing(world, number):
    assert versions.publish(number, by=world.owner).version == 1


def test_a_draft_that_says_what_is_published_makes_no_version(world, number):
    save(number, WHOLE, world)
    save(number, number.published.flow, world)
    assert versions.publish(number, by=world.owner).version == 1
    assert told(world).count("flow.published") == 1
    assert versions.current(number).state == "1.2"  # who saw the draft of before is still late


def test_a_draft_is_thrown_away(world, number):
    save(number, WHOLE, world)
    versions.discard(number, by=world.owner)
    versions.discard(number, by=world.owner)
    assert versions.current(number).draft is None
    assert told(world) == ["flow.published", "flow.saved", "flow.discarded"]


def test_an_old_version_comes_back_as_a_draft(world, number):
    first = number.published
    save(number, WHOLE, world)
    versions.publish(number, by=world.owner)
    restored = versions.restore(first, by=world.owner)
    assert (restored.flow, restored.published.version) == (first.flow, 2)


def test_a_published_flow_never_changes(number):
    number.published.document = documents.write(WHOLE)
    with pytest.raises(TypeError):
        number.published.save()


def test_changes_are_counted_by_value_and_by_step():
    for count, other in (
        (0, WHOLE),
        (2, with_step("ring", seconds=15, record=False)),
        (2, WHOLE.without("sales")),  # the step, and the key that led to it
        (1, replace(WHOLE, start="menu")),
    ):
        assert len(differences.between(WHOLE, other)) == count


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told_that_he_is_late(world):
    ends = []

    def save_one(seconds):
        try:
            with business_scope(world.acme.pk):
                number = TrackingNumber.objects.select_related("business", "published").get(
                    pk=world.number.pk
                )
                versions.save(number, with_step("ring", seconds=seconds), state="1.0", by=world.owner)
                ends.append("saved")
        except Conflict:
            ends.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=save_one, args=(seconds,)) for seconds in (10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["late", "saved"]
