"""The editor: what is typed is kept, what is wrong is named at its field, and only what is right is published."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from callcrm.testing import NUMBER, add_call, add_lead, login
from leads.models import Lead
from telephony.flows import versions
from telephony.models import FlowDraft, TrackingNumber
from telephony.tests.flows import OFFICE, WHOLE, with_step

pytestmark = pytest.mark.django_db
NOON = {"caller": "", "at": "2026-11-23T12:00", "keys": ""}


class Fields(HTMLParser):
    """What a browser would send of the flow's form."""

    def __init__(self, html):
        super().__init__()
        self.values, self._select, self._text = [], None, None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values.append(
                (name, given.get("value") or ("on" if given.get("type") == "checkbox" else ""))
            )
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.values.append((self._select, given.get("value") or ""))
        elif tag == "textarea":
            self._text = name

    def handle_data(self, data):
        if self._text:
            self.values.append((self._text, data.removeprefix("\n")))
            self._text = None

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None


class Editor:
    def __init__(self, world):
        self.world, self.client = world, login(Client(), world.owner)
        self.path = f"/b/acme/numbers/{world.number.pk}/flow/"

    def opened(self):
        html = self.client.get(self.path).content.decode()
        form = html[html.index('id="flow-form"') : html.index('aria-label="Flow preview"')]
        sent = {}
        for name, value in Fields(form).values:
            sent.setdefault(name, []).append(value)
        return sent

    def post(self, where="", **changes):
        sent = self.opened() | {name.replace("__", "-"): value for name, value in changes.items()}
        return self.client.post(
            self.path + where, {name: value for name, value in sent.items() if value is not None}
        )

    def page(self):
        return self.client.get(self.path).content.decode()

    @property
    def current(self):
        with self.world.inside():
            numbers = TrackingNumber.objects.select_related("business", "published")
            return versions.current(numbers.get(pk=self.world.number.pk))


def tag_of(page, name):
    """The opening tag of the element with this id."""
    at = page.index(f'id="{name}"')
    return page[page.rindex("<", 0, at) : page.index(">", at)]


@pytest.fixture
def editor(world):
    return Editor(world)


@pytest.fixture
def whole(world, editor):
    with world.inside():
        versions.save(world.number, WHOLE, state=None, by=world.owner)
    return editor


def test_what_is_drawn_is_what_is_read_back(whole):
    assert whole.post().status_code == 302
    assert whole.current.flow == WHOLE
    assert whole.current.draft.revision == 1


def test_a_change_is_kept_as_a_draft(whole):
    assert whole.post(ring__seconds="15", ring__to="(503) 555-0190").status_code == 302
    assert whole.current.flow == with_step("ring", seconds=15, to=(OFFICE,))
    assert "changes</b>" in whole.page()


def test_what_is_said_may_have_lines_as_a_browser_sends_them(whole):
    assert whole.post(greeting__text="Good day.\r\nHow can we help?").status_code == 302
    assert whole.current.flow == with_step("greeting", text="Good day.\nHow can we help?")


def test_a_new_step_is_made_by_leading_to_it(editor):
    assert editor.post(voicemail__text="After the tone.", greeting__next="new:menu").status_code == 302
    flow = editor.current.flow
    assert flow.steps["greeting"].next == "menu"
    assert (flow.steps["menu"].kind, flow.steps["menu"].otherwise) == ("menu", "ring")  # put in between
    page = editor.page()
    assert "before publishing" in page
    assert 'href="#id_menu-key_1"' in page
    assert editor.post(menu__key_1="new:ring", menu__text="Press 1.").status_code == 302
    assert editor.current.flow.steps["menu"].choices == {"1": "ring-2"}


def test_who_adds_a_step_comes_to_it_and_one_that_is_not_saved_yet_is_linked_to_nowhere(editor):
    tried = editor.post("what-if/", **NOON, greeting__next="new:menu").content.decode()
    assert "Save the draft to fill in the new step." in tried
    assert "#step-menu" not in tried
    assert editor.post(greeting__next="new:menu").url.endswith("/flow/#step-menu")
    assert 'id="step-menu"' in editor.page()
    assert editor.post(greeting__notice="Recorded.").url.endswith("/flow/")


@pytest.mark.parametrize(
    ("language", "asked"), [("en-GB", "Please leave a message after the tone."), ("de-DE", "")]
)
def test_a_new_step_speaks_the_language_of_its_flow(editor, language, asked):
    editor.post(greeting__language=language)
    editor.post(ring__no_answer="new:voicemail", greeting__next="new:ring")
    flow = editor.current.flow
    assert (flow.steps["voicemail-2"].language, flow.steps["ring-2"].language) == (language, language)
    assert flow.steps["voicemail-2"].is_transcribed == flow.steps["voicemail-2"].transcribe
    assert flow.steps["voicemail-2"].text == asked


def test_a_step_is_taken_out_and_what_was_typed_stays(whole):
    answer = whole.post("removals/", remove="hours", ring__seconds="12")
    assert answer.status_code == 302
    flow = whole.current.flow
    assert "hours" not in flow.steps
    assert (flow.steps["greeting"].next, flow.steps["ring"].seconds) == ("menu", 12)


def said_before_taking_out(editor, step):
    return editor.page().partition(f'id="out-{step}"')[2].partition("<p>")[2].partition("</p>")[0]


def test_who_takes_a_step_out_reads_first_what_leads_to_it_and_where_that_will_lead(whole):
    asked = said_before_taking_out(whole, "ring")
    assert asked.startswith("3. Ask for a key leads here, and will lead to ")
    assert asked.endswith("5. Take a message.")
    assert said_before_taking_out(whole, "closed").startswith(
        "2. Check opening hours leads here, and will lead nowhere until you choose what comes next."
    )
    assert said_before_taking_out(whole, "greeting").startswith(
        "The incoming call leads here, and will lead to 2. "
    )


def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(whole):
    answer = whole.post(ring__seconds="4", ring__to="911, +15035550190", greeting__text="Hello there!")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_ring-seconds"' in html
    assert "Enter 5 to 60." in html
    assert "Write numbers like +15551234567." in html
    assert "Hello there!" in html
    assert whole.current.flow == WHOLE


def test_a_flow_that_strands_nobody_is_published(whole):
    assert whole.post("publications/").status_code == 302
    current = whole.current
    assert (current.published.version, current.published.flow, current.draft) == (2, WHOLE, None)
    assert "Published, no changes</b>" in whole.page()


def test_what_is_published_already_is_not_published_again(whole):
    first = whole.page()
    assert "data-flow-publish disabled" not in first
    for _ in range(2):
        assert whole.post("publications/").status_code == 302
    page = whole.page()
    assert "data-flow-publish disabled" in page
    assert "no changes to publish: version 2 stands" in page
    assert whole.current.published.version == 2


def test_a_draft_that_is_changed_back_has_nothing_to_publish(editor):
    drawn = editor.opened()
    editor.post(ring__seconds="12")
    assert "data-flow-publish disabled" not in editor.page()
    editor.post(ring__seconds=drawn["ring-seconds"])
    assert "data-flow-publish disabled" in editor.page()
    assert editor.post("publications/").status_code == 302
    assert editor.current.published.version == 1


def test_a_flow_that_strands_somebody_is_kept_and_not_published(whole):
    answer = whole.post("publications/", greeting__notice="")
    assert answer.status_code == 422
    assert "before publishing" in answer.content.decode()
    assert whole.current.published.version == 1
    assert whole.current.flow == with_step("greeting", notice="")


def test_publishing_rests_while_something_is_to_be_fixed_and_says_where_it_begins(whole):
    assert '<button class="btn primary" type="submit" form="flow-form" formaction' in whole.page()
    whole.post(ring__seconds="45", greeting__notice="")
    page = whole.page()
    assert '<button class="btn" type="submit" form="flow-form" formaction' in page
    bar = page[page.index('class="savebar"') :]
    assert '<a class="link" href="#id_sales-record">Fix 3 things' in bar
    assert "autofocus" not in page  # nothing was refused yet
    assert 'id="id_ring-seconds_error"' not in page


def test_who_publishes_too_early_begins_at_the_first_thing_and_reads_why_at_each_field(whole):
    page = whole.post("publications/", ring__seconds="45", greeting__notice="").content.decode()
    assert page.count("autofocus") == 1
    assert "autofocus" in tag_of(page, "id_sales-record")
    seconds = tag_of(page, "id_ring-seconds")
    assert 'aria-invalid="true"' in seconds
    assert 'aria-describedby="id_ring-seconds_error"' in seconds
    assert "mailbox answers" in page[page.index('id="id_ring-seconds_error"') :]
    assert "Not saved yet. Please check" not in page


def test_a_step_has_one_number_and_name_wherever_it_is_spoken_of(whole):
    page = whole.post("publications/", ring__seconds="45").content.decode()
    number = WHOLE.in_order().index("ring") + 1
    assert f'id="title-ring">{number}. Ring people</h2>' in page
    assert f'href="#id_ring-seconds">{number}. Ring people</a>' in page
    tried = whole.post("what-if/", **NOON).content.decode()
    assert f"<b>{number}. Ring people</b>" in tried


def test_who_sends_what_cannot_be_read_begins_there(whole):
    page = whole.post("publications/", ring__seconds="90", greeting__notice="").content.decode()
    assert "autofocus" in tag_of(page, "id_ring-seconds")
    assert 'href="#id_ring-seconds">Fix 1 thing' in page
    assert (
        "novalidate" in page.split('id="flow-form"')[1].split(">")[0]
    )  # our sentence, and not the browser's


def test_a_call_that_meets_nothing_is_mended_at_its_beginning(whole):
    page = whole.post("publications/", start="").content.decode()
    assert "autofocus" in tag_of(page, "id_start")
    assert 'href="#id_start">A call comes in</a>: A call meets nothing' in page


def test_a_telephone_that_is_a_tracking_number_is_named(whole):
    answer = whole.post("publications/", ring__to=NUMBER)
    assert "without end" in answer.content.decode()
    assert whole.current.published.version == 1


def test_who_is_late_sees_what_he_typed_and_can_send_it_again(world, whole):
    late = whole.opened() | {"ring-seconds": "11"}
    whole.post(ring__seconds="12")
    answer = whole.client.post(whole.path, late)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "owner has changed this flow in the meantime. It differs from yours at: Ring" in html
    assert "Saving yours changes in theirs:" in html
    assert "from <b>12</b> to <b>11</b>" in html
    assert whole.current.flow.steps["ring"].seconds == 12
    again = late | {"state": [value for name, value in Fields(html).values if name == "state"]}
    sent = dict(Fields(html[html.index('id="flow-form"') : html.index('aria-label="Flow preview"')]).values)
    assert (sent["blocked_text"], sent["text_back_text"]) == ("", "")
    assert whole.client.post(whole.path, again).status_code == 302
    assert whole.current.flow == with_step("ring", seconds=11)


@pytest.mark.parametrize("where", ["publications/", "", "removals/"])
def test_who_is_late_and_has_changed_nothing_is_shown_what_there_is_and_publishes_nothing(whole, where):
    late = whole.opened() | {"remove": ["ring"]}
    whole.post(ring__seconds="12")
    answer = whole.client.post(whole.path + where, late, follow=True)
    html = answer.content.decode()
    assert "owner has changed this flow in the meantime. This is what it says now: look at it" in html
    assert "not saved yet. " not in html
    assert whole.current.published.version == 1
    assert whole.current.flow == with_step("ring", seconds=12)
    assert answer.context["form"].state == whole.current.state
    assert whole.post("publications/").status_code == 302
    assert whole.current.published.flow == with_step("ring", seconds=12)


def test_who_is_late_again_with_what_he_had_sent_again_is_told_again(whole):
    late = whole.opened() | {"ring-seconds": "11"}
    whole.post(ring__seconds="12")
    page = whole.client.post(whole.path, late)
    again = late | {name: page.context["form"].whole[name].value() for name in ("state", "base")}
    whole.post(ring__seconds="13")
    told = whole.client.post(whole.path, again)
    assert told.status_code == 422
    assert "from <b>13</b> to <b>11</b>" in told.content.decode()


def test_the_figures_of_a_number_add_up(world, editor):
    for outcome in ("answered", "answered", "missed", "voicemail", "abandoned", "blocked", ""):
        add_call(world.acme, number=world.number, outcome=outcome)
    html = editor.page()
    figures = dict(re.findall(r"<dt>([^<]*)</dt><dd class=\"num\">([^<]*)</dd>", html))
    del figures["Answered in"]
    assert figures == {
        "Answered": "2 of 7",
        "Missed or voicemail": "2",
        "Hung up": "1",
        "Blocked, or not over yet": "2",
    }


def test_a_draft_is_thrown_away(whole):
    assert whole.client.post(whole.path + "discards/").status_code == 302
    assert whole.current.draft is None


def test_a_trial_shows_the_way_and_the_documents(world, whole):
    given = {"caller": "", "at": "2026-11-23T12:00", "keys": "1"}
    html = whole.client.post(whole.path + "what-if/", given).content.decode()
    assert "&lt;Dial" in html
    assert "Sales" in html
    assert "For whoever answers, before the caller is put through:" in html
    assert "/whisper-accept/?step=sales" in html
    night = whole.client.post(whole.path + "what-if/", given | {"at": "2026-11-22T03:00"}).content.decode()
    assert "We are closed. Please call again tomorrow.</div>" in night


def test_a_trial_knows_who_is_spam_and_says_no_number(world, whole):
    add_lead(world.acme, by=world.owner, phones=["+12065550111"], status=Lead.Status.SPAM)
    given = {"caller": "+1 206 555 0111", "at": "2026-11-23T12:00", "keys": ""}
    html = whole.client.post(whole.path + "what-if/", given).content.decode()
    assert "Blocked caller" in html
    assert "the number is busy" in html


def test_what_stands_on_the_page_is_tried_and_not_saved(whole):
    answer = whole.post("what-if/", **NOON, ring__seconds="11", menu__key_2="new:sentence")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "11 seconds.</div>" in html
    sent = dict(Fields(html[html.index('id="flow-form"') : html.index('aria-label="Flow preview"')]).values)
    assert (sent["ring-seconds"], sent["menu-key_2"]) == ("11", "new:sentence")
    assert 'data-unsaved="yes"' in html
    assert whole.current.flow == WHOLE
    pressed = whole.post("what-if/", **(NOON | {"keys": "2"}), menu__key_2="new:sentence")
    assert "<b>Say and hang up</b>" in pressed.content.decode()


def test_trying_what_is_saved_leaves_nothing_to_save(whole):
    html = whole.post("what-if/", **NOON).content.decode()
    assert 'data-unsaved=""' in html


def test_a_flow_that_cannot_be_read_is_not_tried_and_says_what_is_wrong(whole):
    answer = whole.post("what-if/", **NOON, ring__seconds="4")
    html = answer.content.decode()
    tried = html[html.index('id="tried"') :]
    assert answer.status_code == 422
    assert "cannot be tried yet" in tried
    assert 'href="#id_ring-seconds"' in tried
    assert "The way of this call" not in tried


def test_a_trial_waits_for_nobody_else_s_save(whole):
    late = whole.opened() | {"ring-seconds": "11"} | NOON
    whole.post(ring__seconds="12")
    assert "11 seconds.</div>" in whole.client.post(whole.path + "what-if/", late).content.decode()
    assert whole.client.post(whole.path, late).status_code == 422  # and is told only when he saves


def test_enter_in_a_field_takes_no_step_out(editor):
    form = editor.page().split('id="flow-form"')[1]
    assert "/what-if/" in form[: form.index("</button>")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"caller": "nobody"}, "Write a number like"),
        ({"at": "yesterday"}, "valid date"),
        ({"at": ""}, "required"),
        ({"at": "9999-12-31T23:59"}, "this century"),
        ({"at": "0001-01-01T00:00"}, "this century"),
        ({"keys": "1x"}, "Write keys from 0 to 9."),
    ],
)
def test_a_trial_that_cannot_be_made_says_why(whole, wrong, said):
    answer = whole.client.post(whole.path + "what-if/", NOON | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_form_that_is_not_ours_saves_nothing(editor):
    for sent in ({}, {"step": "Ring!:ring"}, {"step": ["ring:dance"]}, {"step": "ring:ring", "state": "x"}):
        assert editor.client.post(editor.path, sent).status_code in (302, 422)
    with editor.world.inside():
        assert not FlowDraft.objects.filter(document__steps__has_key="Ring!").exists()


def test_a_user_may_not_edit_what_callers_hear(world):
    user = login(Client(), world.user)
    assert user.get(f"/b/acme/numbers/{world.number.pk}/flow/").status_code == 403
