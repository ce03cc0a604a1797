"""Many calls are changed from the list by a plain form, and put back by the button of the message."""

import re

import pytest
from django.utils.timezone import now

from callcrm.lib import times
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, login
from telephony.callbacks import ledger
from telephony.models import UNDOABLE, BulkChange, Call

LIST, CHANGES = "/b/acme/calls/", "/b/acme/calls/changes/"


@pytest.fixture
def calls(world):
    return [add_call(world.acme, add_lead(world.acme)) for _ in range(2)]


@pytest.fixture
def send(world, client, calls):
    login(client, world.user)

    def post(**values):
        form = {"call": [call.pk for call in calls], "key": str(uuid7()), "back": "outcome=answered"} | values
        return client.post(CHANGES, form)

    return post


def tags(world):
    with world.inside():
        return [call.tags for call in Call.objects.order_by("pk")]


def test_the_list_comes_again_as_it_was_and_its_message_undoes(world, client, send):
    answer = send(what="tag", tag="storm")
    assert (answer.status_code, answer.url) == (302, f"{LIST}?outcome=answered")
    page = client.get(answer.url).content.decode()
    assert "Tag “storm” added to 2 calls." in page
    [undo] = set(re.findall(r'action="([^"]+/reversals/)"', page))
    assert tags(world) == [["storm"]] * 2
    answer = client.post(undo)
    assert answer.url == LIST
    assert "Undone for 2 calls." in client.get(LIST).content.decode()
    assert tags(world) == [[], []]
    assert client.post(undo).status_code == 409


@pytest.fixture
def offered(client):
    """Fetch the list and return what it offers to undo: the words, and the address of the button."""

    def get(query=""):
        html = client.get(f"{LIST}{query}").content.decode()
        return re.findall(r'<div class="undo".*?<span>(.*?)</span><form method="post" action="(.*?)"', html)

    return get


def test_the_list_that_is_opened_again_still_offers_to_undo(world, client, send, offered):
    assert offered() == []
    send(what="tag", tag="storm")
    client.get(LIST)  # the message is read here, and gone
    [(said, address)] = offered("?outcome=blocked")
    assert said == "Tag “storm” added to 2 calls."
    assert client.post(address, {"back": "tag=storm"}).url == f"{LIST}?tag=storm"
    assert tags(world) == [[], []]
    assert offered() == []


def test_of_several_changes_the_newest_is_offered_first(world, send, offered):
    send(what="tag", tag="storm")
    send(what="outcome", outcome="Booked")
    send(what="tag", tag="storm")  # which changes nothing
    [(said, _)] = offered()
    assert said == "Outcome “Booked” set on 2 calls."
    with world.inside():
        BulkChange.objects.filter(what="outcome").update(undone_at=now())
    [(said, _)] = offered()
    assert said == "Tag “storm” added to 2 calls."


def test_it_says_until_when_and_offers_it_no_longer_then(world, client, send, offered):
    send(what="tag", tag="storm")
    with world.inside():
        made = BulkChange.objects.get()
    until = times.clock((made.made_at + UNDOABLE).astimezone(world.acme.tz))
    page = client.get(LIST).content.decode()
    assert f"added to 2 calls. Undo until {until}." in page  # the message
    assert f">{until}</time>" in page  # what stays
    with world.inside():
        BulkChange.objects.update(made_at=now() - UNDOABLE)
    assert offered() == []


def test_nobody_is_offered_to_undo_what_another_has_done(world, client, send, offered):
    send(what="tag", tag="storm")
    login(client, world.owner)
    assert offered() == []


def test_the_answer_to_a_script_brings_what_can_be_undone_after_it(client, send, offered):
    send(what="tag", tag="storm")
    answer = client.post(offered()[0][1], headers={"HX-Request": "true"}).content.decode()
    assert '<div class="undobar" id="undoable" hx-swap-oob="true"></div>' in answer


def test_a_page_without_rows_or_without_the_right_has_no_form(world, client, calls):
    login(client, world.user)
    assert 'id="bulk"' in client.get(LIST).content.decode()
    assert 'id="bulk"' not in client.get(f"{LIST}?outcome=blocked").content.decode()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"what": "outcome", "outcome": "Booked"}, "Outcome “Booked” set on 2 calls."),
        ({"what": "close", "reason": "spam"}, "No call back was owed"),
        ({"what": "assign", "member": "nobody"}, "no call back is owed for these calls"),
        ({"tag": "storm"}, "Tag “storm” added to 2 calls."),  # Enter in a field
        ({"outcome": "Booked"}, "Outcome “Booked” set on 2 calls."),
        ({"what": "untag", "tag": "storm"}, "Tag “storm” removed from 0 calls. 2 stay as before."),
    ],
)
def test_it_says_what_was_done(client, send, values, said):
    send(**values)
    assert said in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"what": "tag", "tag": ""},
        {"what": "", "tag": "a", "outcome": "b"},
        {"what": "eat", "tag": "a"},
        {"what": "tag", "tag": "storm", "call": ["x"]},
        {"what": "tag", "tag": "storm", "key": ""},
        {"what": "tag", "tag": "storm", "key": "\x00"},
        {"what": "close", "reason": "because"},
        {"what": "close", "reason": ""},
        {"what": "assign", "member": "somebody"},
    ],
)
def test_nonsense_is_refused(world, send, values):
    assert send(**values).status_code == 422
    assert tags(world) == [[], []]


def test_no_reason_is_chosen_for_who_closes_many(client, send):
    assert "Choose why" in send(what="close", reason="").content.decode()
    html = client.get(LIST).content.decode()
    reasons = html[html.index('name="reason"') :].split("</select>")[0]
    assert 'value="">Choose a reason' in reasons
    assert "selected" not in reasons


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"what": "tag"}, "tag", "Write the tag first."),
        ({"what": "untag", "tag": "a,b"}, "tag", "One tag at a time"),
        ({"what": "tag", "tag": "x" * 41}, "tag", "of at most 40 characters"),
        ({"what": "outcome", "tag": "storm"}, "outcome", "Write the outcome first."),
        ({"what": "outcome", "outcome": "x" * 41}, "outcome", "At most 40 characters."),
        ({"what": "close"}, "reason", "Choose why"),
        ({"what": "assign", "member": "somebody"}, "member", "no member of the business"),
        ({"what": "", "tag": "a", "outcome": "b"}, None, "Fill in one field"),
    ],
)
def test_to_scripts_a_refusal_comes_back_at_the_field_that_it_is_about(
    world, client, calls, values, field, said
):
    login(client, world.user)
    form = {"call": [calls[0].pk], "key": "one"} | values
    answer = client.post(CHANGES, form, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#bulk-fields")
    assert html.count(said) == 1
    wrong = re.findall(r'name="(\w+)"[^>]* aria-invalid="true" aria-describedby="bulk-(\w+)-error"', html)
    assert wrong == ([(field, field)] if field else [])
    assert f'value="{values.get("tag", "")}" maxlength' in html, "what was typed stays"
    assert tags(world) == [[], []]


def test_without_scripts_the_list_comes_with_the_refusal_and_the_same_choice(world, client, send, calls):
    gone = add_call(world.acme, add_lead(world.acme), outcome="missed", answered_at=None)  # by the filter
    answer = send(what="outcome", outcome="x" * 41, call=[calls[0].pk, gone.pk])
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "<h1>Calls</h1>" in html
    assert 'aria-invalid="true" aria-describedby="bulk-outcome-error"' in html
    assert "At most 40 characters." in html
    boxes = re.findall(r'<input type="checkbox" name="call" value="([^"]+)"[^>]*?( checked)?>', html)
    assert sorted(boxes) == sorted([(str(calls[0].pk), " checked"), (str(calls[1].pk), "")])
    assert f'<input type="hidden" name="call" value="{gone.pk}">' in html, "what the list shows no longer"
    assert "1 of them not on this page" in html
    assert 'name="back" value="outcome=answered"' in html
    assert "Nothing was changed." not in client.get(LIST).content.decode()


def test_who_has_chosen_nothing_is_led_back_to_his_list_and_told_so(world, client, send):
    answer = send(what="tag", tag="storm", call=[])
    assert (answer.status_code, answer.url) == (302, f"{LIST}?outcome=answered")
    assert "no call was chosen" in client.get(answer.url).content.decode()
    assert tags(world) == [[], []]
    form = {"key": str(uuid7()), "what": "tag", "tag": "storm"}
    assert client.post(CHANGES, form, headers={"HX-Request": "true"}).status_code == 422


def test_what_the_newer_of_two_changes_has_touched_stays_and_is_said(world, client, calls, send):
    send(what="outcome", outcome="Booked")
    [older] = set(re.findall(r'action="([^"]+/reversals/)"', client.get(LIST).content.decode()))
    send(what="outcome", outcome="Lost", call=[calls[0].pk])
    client.post(older)
    page = client.get(LIST).content.decode()
    assert "Undone for 1 call. 1 stays as now: the outcome was changed again since." in page


def test_callbacks_are_given_to_a_colleague_by_name_and_who_sees_them_no_longer_is_told(world, client, send):
    with world.inside():
        Call.objects.update(outcome="missed", answered_at=None, talk_seconds=None)
        for call in Call.objects.all():
            ledger.follow_call(call, by=None)
    assert f'value="{world.admin.pk}"' in client.get(LIST).content.decode()
    send(what="assign", member=str(world.admin.pk))
    page = client.get(LIST).content.decode()
    assert f"2 callbacks given to {world.admin.name}. You see them no longer." in page
    login(client, world.owner)
    send(what="assign", member=str(world.user.pk))
    page = client.get(LIST).content.decode()
    assert f"2 callbacks given to {world.user.name}." in page
    assert "no longer" not in page


def test_where_to_go_back_to_is_the_list_whatever_is_sent(send):
    for back in ("//evil.example", "https://evil.example/", "a=b&next=//evil", "\x00", "x" * 9000):
        answer = send(what="tag", tag="storm", back=back)
        assert answer.url.startswith((f"{LIST}?", LIST))
        assert "evil.example/" not in answer.url


def test_scripts_get_the_toast_and_a_fresh_key(world, client, calls):
    login(client, world.user)
    form = {"call": [calls[0].pk], "key": "one", "what": "tag", "tag": "storm"}
    page = client.post(CHANGES, form, headers={"HX-Request": "true"}).content.decode()
    assert "Tag “storm” added to 1 call." in page
    assert "<html" not in page
    assert 'value="one"' not in page
    again = client.post(CHANGES, form, headers={"HX-Request": "true"}).content.decode()
    assert "Tag “storm” added to 1 call." in again
    with world.inside():
        assert BulkChange.objects.count() == 1


def test_nobody_undoes_what_another_has_done(world, client, send):
    send(what="tag", tag="storm")
    with world.inside():
        made = BulkChange.objects.get()
    login(client, world.owner)
    assert client.post(f"{CHANGES}{made.pk}/reversals/").status_code == 409
    assert tags(world) == [["storm"]] * 2


def test_who_is_marked_is_counted_and_so_are_calls_of_nobody(world, client, send, calls):
    withheld = [add_call(world.acme, withheld=True) for _ in range(2)]
    before = add_call(world.acme, add_lead(world.acme, status="spam"))
    own = add_call(world.acme, own_from="+15035550100")
    chosen = [*calls, add_call(world.acme, calls[0].lead), *withheld, before, own]
    send(what="spam", call=[call.pk for call in chosen])
    page = client.get(LIST).content.decode()
    said = "2 people marked as spam. 1 was spam before. 2 calls withheld their number. 1 call has no person. Undo"
    assert said in page
    [undo] = set(re.findall(r'action="([^"]+/reversals/)"', page))
    answer = client.post(undo, headers={"HX-Request": "true"})
    assert "Undone for 2 people." in answer.content.decode()
    assert '"live:call.changed"' in answer.headers["HX-Trigger"]  # every row of theirs says so at once


def test_where_everybody_withheld_his_number_nobody_is_marked(world, client, send):
    answer = client.post(
        CHANGES,
        {"call": [add_call(world.acme, withheld=True).pk], "key": str(uuid7()), "what": "spam"},
        headers={"HX-Request": "true"},
    )
    page = answer.content.decode()
    assert "Nobody was marked. 1 call withheld its number." in page
    assert "/reversals/" not in page
