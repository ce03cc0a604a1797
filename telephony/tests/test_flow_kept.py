"""While a flow is edited nothing is lost: a step that was taken out comes back, what was typed to try a call stays."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts import session_box
from callcrm.errors import Conflict
from callcrm.testing import login
from telephony.flows import typed_trials, versions
from telephony.models import TrackingNumber
from telephony.tests.flows import WHOLE, with_step
from telephony.tests.test_flow_page import Editor

pytestmark = pytest.mark.django_db
TRIED = {"caller": "+15035550142", "at": "2026-11-23T12:34", "keys": "21", "drawn": "2026-11-21T08:00"}


@pytest.fixture
def editor(world):
    with world.inside():
        versions.put(world.number, WHOLE, by=world.owner)
    return Editor(world)


def number_of(world):
    return TrackingNumber.objects.select_related("business", "published").get(pk=world.number.pk)


def draft(world):
    with world.inside():
        return versions.current(number_of(world))


def undo_of(page):
    """Where the toast's button posts to."""
    return page.content.decode().split('class="toast"')[1].split('action="')[1].split('"')[0]


def shown(page):
    """The fields of the trial as they are drawn."""
    form = page.context["trial"]
    return {name: form[name].value() for name in ("caller", "at", "keys")}


# --- A step that was taken out


def test_a_step_that_was_taken_out_is_put_back_with_all_ways_to_it(world, editor):
    gone = editor.post("removals/", remove="sales")
    page = editor.client.get(gone.url)
    assert "sales" not in draft(world).flow.steps
    answer = editor.client.post(undo_of(page), follow=True)
    assert "The draft is what it was before." in answer.content.decode()
    assert draft(world).flow == WHOLE
    assert draft(world).changes == 0


def test_what_was_typed_before_it_was_taken_out_stays_when_it_comes_back(world, editor):
    gone = editor.post("removals/", remove="sales", ring__seconds="33")
    editor.client.post(undo_of(editor.client.get(gone.url)))
    assert draft(world).flow == with_step("ring", seconds=33)


def test_pressed_twice_or_late_it_takes_nothing_from_what_was_saved_since(world, editor):
    gone = editor.post("removals/", remove="sales")
    undo = undo_of(editor.client.get(gone.url))
    editor.post(ring__seconds="33")
    late = draft(world)
    for _ in range(2):
        answer = editor.client.post(undo, follow=True)
        assert "This flow has been changed since, so nothing was put back." in answer.content.decode()
    assert draft(world).flow == late.flow


def test_after_the_draft_was_published_nothing_is_put_back(world, editor):
    gone = editor.post("removals/", remove="sales")
    undo = undo_of(editor.client.get(gone.url))
    editor.post("publications/")
    editor.client.post(undo)
    assert "sales" not in draft(world).flow.steps


def test_a_draft_of_before_this_was_kept_has_nothing_to_take_back(world):
    with world.inside():
        number = number_of(world)
        found = versions.save(number, with_step("ring", seconds=33), state=None, by=world.owner)
        type(found.draft).objects.update(before=None)
        with pytest.raises(Conflict):
            versions.take_back(number, state=found.state, by=world.owner)


def test_a_step_that_is_not_there_is_not_taken_out_and_nothing_is_said_of_it(editor):
    gone = editor.post("removals/", remove="nobody")
    assert 'class="toast"' not in editor.client.get(gone.url).content.decode()


def test_neither_a_user_nor_a_rival_puts_anything_back(world, editor):
    gone = editor.post("removals/", remove="sales")
    undo = undo_of(editor.client.get(gone.url))
    assert login(Client(), world.user).post(undo).status_code == 403
    assert login(Client(), world.rival_owner).post(undo.replace("/acme/", "/rival/")).status_code == 404
    assert "sales" not in draft(world).flow.steps


# --- What was typed to try a call


@pytest.mark.parametrize("where", ["", "publications/", "removals/"])
def test_saving_keeps_what_was_typed_to_try_a_call_and_tries_it(editor, where):
    saved = editor.post(where, ring__seconds="12", **TRIED)
    page = editor.client.get(saved.url)
    assert shown(page) == {name: TRIED[name] for name in ("caller", "at", "keys")}
    assert page.context["tried"]
    assert "5550142" not in saved.url


def test_it_stays_for_the_next_save_and_for_who_opens_the_page_again(editor):
    editor.post(**TRIED)
    editor.post(ring__seconds="33", **TRIED)
    for _ in range(2):
        assert shown(editor.client.get(editor.path))["keys"] == "21"


def test_a_refused_save_keeps_it_too(editor):
    refused = editor.post(ring__seconds="999", **TRIED)
    assert refused.status_code == 422
    assert shown(refused)["caller"] == TRIED["caller"]


def test_what_cannot_be_tried_keeps_no_draft_from_being_saved_and_says_why(editor):
    saved = editor.post(ring__seconds="33", **TRIED | {"keys": "abc", "at": "nonsense", "caller": "x" * 500})
    assert saved.status_code == 302
    page = editor.client.get(saved.url)
    assert page.status_code == 200
    assert "Write keys from 0 to 9." in page.content.decode()


def test_a_time_that_nobody_touched_goes_on_with_the_clock(editor):
    editor.post(**TRIED | {"at": TRIED["drawn"]})
    page = editor.client.get(editor.path)
    assert shown(page)["keys"] == "21"
    assert shown(page)["at"] != TRIED["drawn"]
    assert shown(page)["at"] == page.context["trial"]["drawn"].value()


def test_who_empties_it_finds_it_empty(editor):
    editor.post(**TRIED)
    editor.post(**TRIED | {"caller": "", "keys": "", "at": TRIED["drawn"]})
    assert not editor.client.get(editor.path).context["trial"].is_bound


def test_it_is_over_after_a_while_and_nobody_else_finds_it(world, editor, monkeypatch):
    editor.post(**TRIED)
    admin = login(Client(), world.admin)
    assert not admin.get(editor.path).context["trial"].is_bound
    later = session_box.time() + session_box.KEPT_FOR.total_seconds() + 1
    monkeypatch.setattr(session_box, "time", lambda: later)
    assert not editor.client.get(editor.path).context["trial"].is_bound


def test_the_session_holds_no_number_and_gives_it_to_no_other_business_and_no_other_flow(world, editor):
    editor.post(**TRIED)
    session = editor.client.session
    assert "5550142" not in str(dict(session))
    [entry] = session["flow-trials"].values()
    other = world.source.pk  # any other id
    session["flow-trials"] = {str(world.number.pk): entry, str(other): entry}
    assert typed_trials.recall(session, world.acme.pk, world.number.pk)["keys"] == "21"
    assert typed_trials.recall(session, world.acme.pk, other) is None
    with world.inside(world.rival):
        assert typed_trials.recall(session, world.rival.pk, world.number.pk) is None


def test_of_more_flows_than_fit_the_oldest_gives_way(world, editor):
    session = editor.client.session
    numbers = [uuid4() for _ in range(session_box.MOST + 1)]
    for number in numbers:
        typed_trials.keep(session, world.acme.pk, number, TRIED)
    assert typed_trials.recall(session, world.acme.pk, numbers[0]) is None
    assert typed_trials.recall(session, world.acme.pk, numbers[-1])["keys"] == "21"
