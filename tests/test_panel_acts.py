"""What a front desk does about a call below its row: the acts of its page and of Callbacks, and nothing else."""

import json
import re

import pytest

from accounts import visits
from audit.models import Entry
from callcrm.testing import add_call, add_lead, add_superuser, login
from leads import editing
from leads.models import Lead
from telephony.callbacks import ledger, settling
from telephony.models import Callback, Outcome

ACTS = ("assignments", "closings", "reopenings", "spam-marks", "spam-releases")


@pytest.fixture
def call(world):
    """A call that nobody took, of somebody who is owed one back."""
    vain = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}
    made = add_call(world.acme, add_lead(world.acme, name="Nora Quill", status="qualified"), **vain)
    with world.inside():
        ledger.follow_call(made, by=None)
    return made


@pytest.fixture
def press(call, client, world):
    login(client, world.user)
    return lambda what, **data: client.post(f"/b/acme/calls/{call.pk}/panel/{what}/", data)


@pytest.fixture
def debt(world, call):
    def now():
        with world.inside():
            return Callback.objects.get(lead=call.lead)

    return now


def test_a_callback_is_taken_and_given_back_below_its_row(world, client, call, press, debt):
    panel = client.get(f"/b/acme/calls/{call.pk}/panel/").content.decode()
    assert "Take it" in panel
    assert "owed a call back" in panel
    answer = press("assignments", to="me")
    said = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="acts-{call.pk}"' in panel
    assert f'<hx-partial hx-target="#acts-{call.pk}"' in said
    assert "You call back" in said
    assert "Give it back" in said
    assert "You took this callback." in said
    assert debt().assigned_to_id == world.user.pk
    assert "/panel/assignments/?to=" not in said  # it was nobody's
    assert "Take it" in press("assignments", to="nobody").content.decode()
    assert debt().assigned_to_id is None


def test_what_is_taken_from_a_colleague_goes_back_to_him_from_the_toast(world, client, call, press, debt):
    with world.inside():
        settling.assign(debt(), world.user, by=world.user)
    login(client, world.admin)
    said = press("assignments", to="me").content.decode()
    undo = f"/b/acme/calls/{call.pk}/panel/assignments/?to={world.user.pk}"
    assert f'hx-post="{undo}"' in said
    assert f"{world.user.name} calls back." in client.post(undo, {"from": "toast"}).content.decode()
    assert debt().assigned_to_id == world.user.pk
    with world.inside():
        settling.assign(debt(), world.owner, by=world.owner)
    assert client.post(undo, {"from": "toast"}).status_code == 409


def test_what_is_done_names_the_rows_that_say_it(press, debt):
    told, counts = {"target": "body", "now": True}, {"calls:done": {"target": "body"}}
    for what, data in (("assignments", {}), ("closings", {"reason": "spam"}), ("reopenings", {})):
        said = json.loads(press(what, **data).headers["HX-Trigger"])
        assert said == counts | {"live:callback.changed": told | {"id": str(debt().pk)}}
    for what in ("spam-marks", "spam-releases"):
        assert json.loads(press(what).headers["HX-Trigger"]) == counts | {"live:call.changed": told}


def test_a_debt_is_closed_with_a_reason_and_opened_again_from_the_toast(press, debt):
    said = press("closings", reason="not_needed").content.decode()
    assert "closed: needs no call back" in said
    assert "Open again" in said
    [undo] = re.findall(r'hx-post="([^"]+)"[^>]*hx-swap="delete"', said)
    assert not debt().is_open
    assert undo.endswith("/panel/reopenings/")
    assert "The callback is open again." in press("reopenings", **{"from": "toast"}).content.decode()
    assert debt().is_open


@pytest.mark.parametrize("place", ["row", "toast"])
def test_who_comes_second_is_told_where_he_pressed(world, press, debt, place):
    """Where the row may be closed by now, a message says it."""
    with world.inside():
        settling.close(debt(), "duplicate", by=world.admin)
    answer = press("closings", reason="spam", **({"from": "toast"} if place == "toast" else {}))
    said = answer.content.decode()
    assert "admin has closed it already: same as another." in said
    assert debt().reason == "duplicate"
    assert answer.status_code == (409 if place == "toast" else 422)
    assert ("<hx-partial" in said) == (place == "row")
    assert ("closed: same as another" in said) == (place == "row")


@pytest.mark.parametrize(
    ("what", "data"), [("closings", {"reason": "because"}), ("assignments", {"to": "all"})]
)
def test_what_nobody_can_press_is_refused(press, debt, what, data):
    before = debt()
    assert press(what, **data).status_code == 422
    assert (debt().is_open, debt().assigned_to_id) == (True, before.assigned_to_id)


def test_a_person_is_marked_as_spam_and_put_back_to_where_he_stood(world, call, press):
    def status():
        with world.inside():
            return Lead.objects.get(pk=call.lead_id).status

    said = press("spam-marks").content.decode()
    assert status() == "spam"
    assert "Unmark" in said
    assert "Marked as spam." in said
    assert re.findall(r'hx-post="([^"]+)"[^>]*hx-swap="delete"', said)[0].endswith("/panel/spam-releases/")
    said = press("spam-releases", **{"from": "toast"}).content.decode()
    assert status() == "qualified"
    assert "No longer marked as spam" in said


def test_each_act_is_in_the_history_like_that_of_the_page(press):
    for what, data in (("assignments", {}), ("closings", {"reason": "spam"}), ("spam-marks", {})):
        press(what, **data)
    names = Entry.objects.values_list("name", flat=True)
    assert {"callback.assigned", "callback.closed", "lead.status_changed"} <= set(names)


def test_what_is_a_colleagues_is_said_to_be_and_not_touched(world, client, call, press, debt):
    with world.inside():
        settling.assign(debt(), world.admin, by=world.admin)
    panel = client.get(f"/b/acme/calls/{call.pk}/panel/").content.decode()
    assert "a colleague calls back" in panel
    assert "Take it" not in panel
    assert press("closings", reason="spam").status_code == 409
    assert debt().is_open
    login(client, world.owner)
    assert "Take it" in client.get(f"/b/acme/calls/{call.pk}/panel/").content.decode()
    assert press("assignments", to="me").status_code == 200
    assert debt().assigned_to_id == world.owner.pk


@pytest.mark.parametrize("what", ACTS)
def test_nobody_acts_on_a_call_that_is_not_his_or_by_a_right_that_he_lacks(world, client, press, call, what):
    theirs = add_call(world.rival, add_lead(world.rival))
    others = add_call(world.acme, call.lead, agent=world.owner, outcome=Outcome.MISSED)
    with world.inside():
        ledger.follow_call(others, by=None)  # what is owed for it is everybody's
    for hidden in (theirs, others):
        assert client.post(f"/b/acme/calls/{hidden.pk}/panel/{what}/").status_code == 404
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    login(client, root)
    assert press(what).status_code == 403
    panel = client.get(f"/b/acme/calls/{call.pk}/panel/").content.decode()
    assert f"/panel/{what}/" not in panel


@pytest.mark.parametrize("what", ACTS)
def test_a_call_of_nobody_has_nobody_to_act_on(world, client, press, what):
    withheld = add_call(world.acme, None, withheld=True, phone=None)
    assert client.post(f"/b/acme/calls/{withheld.pk}/panel/{what}/").status_code in (404, 409)
    panel = client.get(f"/b/acme/calls/{withheld.pk}/panel/").content.decode()
    assert not re.search(r"/panel/(?!edits)", panel.replace('/panel/"', ""))


def test_a_person_who_is_gone_meanwhile_is_a_clear_refusal(world, call, press):
    with world.inside():
        editing.delete(call.lead, by=world.owner)
    for what in ACTS:
        assert press(what).status_code in (404, 409)
