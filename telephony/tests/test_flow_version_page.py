"""A version is read before it becomes the draft: its steps in words, what differs, and what it does to a draft."""

from dataclasses import replace

import pytest
from django.test import Client

from callcrm.testing import add_call, assert_flat_queries, login
from telephony.flows import reading, versions
from telephony.flows.steps import Flow, Ring
from telephony.models import FlowVersion
from telephony.tests.flows import OFFICE, WHOLE, with_step
from telephony.tests.test_flow_page import Editor

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(world):
    """Somebody before three versions: the first, the whole flow, and one that rings longer and greets otherwise."""
    longer = with_step("ring", with_step("greeting", text="Good day."), seconds=33, no_answer="closed")
    with world.inside():
        versions.put(world.number, WHOLE, by=world.owner)
        versions.put(world.number, longer, by=world.owner)
    return Editor(world)


def read(editor, version):
    answer = editor.client.get(f"{editor.path}versions/{version}/")
    assert answer.status_code == 200
    return answer


def said(changes):
    return [(each.what, each.before, each.after) for each in changes]


def lines(flow, title):
    [part] = [part for part in reading.parts(flow) if part.title == title]
    return {line.label: line.value for line in part.lines}


def restore(editor, version):
    with editor.world.inside():
        pk = FlowVersion.objects.get(number=editor.world.number, version=version).pk
    return editor.client.post(f"/b/acme/flow-versions/{pk}/restorations/", follow=True).content.decode()


# --- A flow in words


def test_a_message_that_no_provider_transcribes_is_not_said_to_be_transcribed():
    def told(flow):
        [step] = [part for part in reading.parts(flow) if part.step == "voicemail"]
        [line] = [line for line in step.lines if line.label == "Transcribe the message"]
        return line.value

    spanish = with_step("voicemail", language="es-MX")
    assert told(spanish).startswith("No, though it is ticked. Providers do so in English")
    assert (told(WHOLE), told(with_step("voicemail", spanish, transcribe=False))) == ("Yes", "No")


def test_each_step_says_what_is_set_in_the_words_of_the_editor_and_where_it_goes_on():
    assert [part.title for part in reading.parts(WHOLE)][:4] == [
        "A call comes in",
        "1. Greet the caller",
        "2. Check opening hours",
        "3. Ask for a key",
    ]
    assert lines(WHOLE, "1. Greet the caller") == {
        "Greeting": "Thanks for calling.",
        "Recording notice": "This call may be recorded.",
        "Language": "English (US)",
        "Then": "2. Check opening hours",
    }
    assert list(lines(WHOLE, "3. Ask for a key").items())[-2:] == [
        ("Key 1", "4. Sales"),
        ("No key, or a wrong one", "6. Ring people"),
    ]
    rings = lines(WHOLE, "6. Ring people")
    assert rings["People's telephones"] == "+1 503-555-0190, +1 503-555-0191"
    assert (rings["Ring"], rings["Record the call"]) == ("Everyone at once", "Yes")


def test_what_goes_without_saying_is_left_out():
    [_, ring] = reading.parts(Flow({"ring": Ring(to=(OFFICE,))}, "ring"))
    labels = {line.label: line.value for line in ring.lines}
    assert not {"Language", "Ring", "Name", "Say to whoever answers"} & labels.keys()
    assert labels["If nobody answers"] == reading.NOWHERE
    assert "Language" in lines(Flow({"ring": Ring(to=(OFFICE,), press_1=True)}, "ring"), "1. Ring people")


def test_who_is_turned_away_and_the_text_that_is_kept_for_later_are_read_too():
    away = replace(WHOLE.blocked, text="Not today.", language="de-DE")
    flow = replace(WHOLE, blocked=away, text_back=replace(WHOLE.text_back, text="We call back."))
    assert lines(flow, "A call comes in") == {
        "Calls begin with": "1. Greet the caller",
        "Turn away people marked as spam": "Yes",
        "Turn away callers who hide their number": "No",
        "What they hear": "Not today.",
        "Language": "German",
        "Text to missed callers, off": "We call back.",
    }


# --- The page


def test_a_version_says_who_published_it_and_what_differs_in_full(editor):
    page = read(editor, 2)
    assert page.context["version"].published_by == editor.world.owner
    assert said(page.context["until"]) == [
        ("1. Greet the caller: words", "“Thanks for calling.”", "“Good day.”"),
        ("6. Ring people: seconds", "20", "33"),
        ("6. Ring people: where it goes on when nobody answers", "5. Take a message", "7. Say and hang up"),
    ]
    assert ("3. Ask for a key", "", "added") in said(page.context["since"])
    html = page.content.decode()
    assert '<dd><a class="link" href="#step-ring">6. Ring people</a></dd>' in html
    assert "Thanks for calling." in html


def test_the_first_version_has_none_before_it_and_the_one_that_answers_calls_no_other(editor):
    assert "This is the first version there is." in read(editor, 1).content.decode()
    answering = read(editor, 3).content.decode()
    assert "Answers calls" in answering
    assert "From here to what is published" not in answering
    assert "/restorations/" not in answering


def test_who_has_no_draft_uses_a_version_at_once_and_who_has_one_reads_first_what_becomes_of_it(editor):
    assert "Replace the draft" not in read(editor, 1).content.decode()
    editor.post(ring__seconds="12")
    page = " ".join(read(editor, 1).content.decode().split())
    assert "There is a draft with 1 change, saved by owner " in page
    assert "Version 1 takes its place" in page


def test_a_version_becomes_the_draft_and_the_toast_brings_back_the_draft_that_was_there(editor):
    editor.post(ring__seconds="12")
    kept = editor.current.flow
    page = restore(editor, 1)
    assert "Version 1 is the draft now." in page
    assert editor.current.flow.steps.keys() == {"greeting", "ring", "voicemail"}
    assert "The draft says this" in read(editor, 1).content.decode()
    editor.client.post(page.split('class="toast"')[-1].split('action="')[1].split('"')[0])
    assert editor.current.flow == kept


def test_a_version_that_the_draft_says_already_changes_nothing_and_leaves_nothing_to_undo(editor):
    restore(editor, 1)
    state = editor.current.state
    page = restore(editor, 1)
    assert "What you edit says what version 1 says already." in page
    assert "flow/reversals/" not in page
    assert editor.current.state == state


def test_versions_are_opened_from_the_list_from_the_history_and_from_a_call(editor):
    world, address = editor.world, f'href="{editor.path}versions/2/"'
    listed = editor.client.get(editor.path + "versions/").content.decode()
    assert listed.index("Version 3") < listed.index("Version 2")
    assert address in listed
    restore(editor, 2)
    for name in ("flow.published", "flow.restored"):
        page = editor.client.get(f"/b/acme/audit/?name={name}").content.decode()
        assert f"{address}>Open version 2</a>" in page
    with world.inside():
        answered_by = FlowVersion.objects.get(number=world.number, version=2)
    call = add_call(world.acme, number=world.number, flow=answered_by)
    assert address in editor.client.get(f"/b/acme/calls/{call.pk}/").content.decode()


@pytest.mark.parametrize("version", ["0", "4", "9" * 20, "9" * 5000])
def test_a_version_that_there_is_not_is_not_found(editor, version):
    assert editor.client.get(f"{editor.path}versions/{version}/").status_code == 404


def test_the_rival_neither_reads_nor_takes_a_version(world, editor):
    with world.inside():
        pk = FlowVersion.objects.get(number=world.number, version=1).pk
    rival = login(Client(), world.rival_owner)
    assert rival.get(f"/b/rival/numbers/{world.number.pk}/flow/versions/1/").status_code == 404
    assert rival.post(f"/b/rival/flow-versions/{pk}/restorations/").status_code == 404


def test_a_page_costs_the_same_after_many_versions(world, editor):
    def grow():
        with world.inside():
            for seconds in (5, 6):
                versions.put(world.number, with_step("ring", seconds=seconds), by=world.owner)

    assert_flat_queries(lambda: read(editor, 2), grow)
