"""Each member chooses the columns of his call list; the caller stays, and nobody chooses for another."""

import re

import pytest
from django.test import Client

from accounts import visits
from audit.models import Entry
from callcrm.errors import Invalid
from callcrm.lib.tenancy import business_scope
from callcrm.testing import World, add_call, add_lead, add_superuser, login
from telephony.callbacks import ledger
from telephony.listing import columns
from telephony.models import CallColumns, Outcome, TrackingNumber

pytestmark = pytest.mark.django_db
LIST, CHOOSE, RESET = "/b/acme/calls/", "/b/acme/calls/columns/", "/b/acme/calls/columns/resets/"
LABELS = columns.COLUMNS | {"tags": columns.BOTH}  # while the outcome has no column of its own
AS_THEY_COME = [label for name, label in LABELS.items() if name not in columns.AWAY]
AS_THEY_COME_NAMES = [name for name in columns.COLUMNS if name not in columns.AWAY]


def heads(client: Client) -> list[str]:
    page = client.get(LIST).content.decode()
    return [re.sub("<[^>]*>", "", head).strip() for head in re.findall(r"<th [^>]*>(.*?)</th>", page)]


def row(client: Client) -> str:
    [found] = re.findall(r'<tr role="row" id="call-.*?</tr>', client.get(LIST).content.decode(), re.DOTALL)
    return str(found)


def cells(client: Client) -> int:
    return row(client).count('<td role="cell"')


@pytest.fixture
def user(world: World, client: Client) -> Client:
    add_call(world.acme, add_lead(world.acme), tags=["leak"])
    return login(client, world.user)


def test_the_columns_that_the_width_bears_are_there_until_somebody_puts_one_away(user: Client) -> None:
    every = ["Caller", *AS_THEY_COME, "Details"]
    assert heads(user) == every
    assert cells(user) == len(every)
    assert {"Our number", "Rang", "Talked", "Outcome"}.isdisjoint(every)


@pytest.mark.parametrize("name", sorted(columns.AWAY))
def test_a_column_that_comes_put_away_is_shown_to_who_wants_it(user: Client, name: str) -> None:
    user.post(CHOOSE, {"column": [*AS_THEY_COME_NAMES, name]})
    labels = columns.COLUMNS if name == "outcome" else LABELS
    assert set(heads(user)) == {"Caller", *(labels[one] for one in (*AS_THEY_COME_NAMES, name)), "Details"}
    user.post(CHOOSE, {"column": AS_THEY_COME_NAMES})
    assert heads(user) == ["Caller", *AS_THEY_COME, "Details"]


@pytest.mark.parametrize(
    ("name", "in_short", "then"),
    [
        ("number", "Front desk", ["Front desk", "+1 503-555-0100"]),
        ("rang", "in 8 s", ["0:08"]),
        ("talked", "1:23", ["1:23"]),
        ("outcome", "Booked", ["Booked"]),
    ],
)
def test_what_has_a_column_of_its_own_is_not_told_twice(
    world: World, client: Client, name: str, in_short: str, then: list[str]
) -> None:
    with world.inside():
        TrackingNumber.objects.filter(pk=world.number.pk).update(label="Front desk")
    add_call(world.acme, add_lead(world.acme), disposition="Booked", talk_seconds=83)
    login(client, world.user)
    assert row(client).count(in_short) == 1
    client.post(CHOOSE, {"column": [*AS_THEY_COME_NAMES, name]})
    assert [row(client).count(words) for words in (*then, in_short)] == [1] * len(then) + [in_short in then]


def test_how_long_it_rang_is_not_said_of_a_voicemail(world: World, client: Client) -> None:
    add_call(world.acme, add_lead(world.acme), outcome=Outcome.VOICEMAIL, ring_seconds=51, talk_seconds=None)
    login(client, world.user).post(CHOOSE, {"column": ["rang"]})
    assert "0:51" not in row(client)


def test_reset_brings_the_columns_back_as_they_come(world: World, user: Client) -> None:
    assert RESET not in user.get(LIST).content.decode()
    user.post(CHOOSE, {"column": ["rang", "tags"], "order": ["tags", "rang"]})
    assert RESET in user.get(LIST).content.decode()
    for _ in range(2):
        answer = user.post(RESET, {"column": ["rang"], "tag": "leak"})
        assert answer.headers["Location"] == f"{LIST}?tag=leak"
    assert heads(user) == ["Caller", *AS_THEY_COME, "Details"]
    assert RESET not in user.get(LIST).content.decode()
    assert Entry.objects.of(world.acme.pk).filter(name="columns.reset").count() == 1


@pytest.mark.parametrize("shown", [["status", "tags"], ["source"], []])
def test_a_column_that_is_put_away_is_gone_from_every_row(user: Client, shown: list[str]) -> None:
    assert user.post(CHOOSE, {"column": shown}).status_code == 302
    assert heads(user) == ["Caller", *(LABELS[name] for name in shown), "Details"]
    assert cells(user) == len(shown) + 2


def test_the_way_to_call_back_does_not_go_with_a_column(world: World, user: Client) -> None:
    missed = add_call(world.acme, add_lead(world.acme), outcome=Outcome.MISSED, answered_at=None)
    with world.inside():
        ledger.follow_call(missed, by=None)
    for shown, place in ((list(columns.COLUMNS), "c-owed"), (["status"], "c-status")):
        user.post(CHOOSE, {"column": shown})
        page = user.get(LIST).content.decode().split("<tbody")[1].split("</tbody>")[0]
        found = re.findall(rf'<td role="cell" class="{place}.*?</td>', page, re.DOTALL)
        assert ["Call back</span>" in cell for cell in found] == [True, False]
        assert page.count("Call back</span>") == 1


def test_what_is_said_of_a_call_stands_where_it_belongs(world: World, client: Client) -> None:
    """First calls are a thing of the caller, the outcome is no tag, and a call by hand says so at its status."""
    values = {"first_time_caller": True, "disposition": "Booked", "tags": ["leak"], "provider": "manual"}
    add_call(world.acme, add_lead(world.acme), **values)
    login(client, world.user)
    for words, place in (("First call", "c-caller"), ("logged by hand", "c-status"), ("Booked", "c-tags")):
        [cell] = re.findall(rf'<td role="cell" class="{place}.*?</td>', row(client), re.DOTALL)
        assert words in cell
        assert row(client).count(words) == 1
    assert re.findall(r'<span class="tag t\d">(.*?)</span>', row(client)) == ["leak"]


def test_the_choice_follows_a_member_and_is_nobody_elses(world: World, user: Client) -> None:
    user.post(CHOOSE, {"column": ["status"]})
    assert "Source" not in heads(login(Client(), world.user))
    assert "Source" in heads(login(Client(), world.owner))
    user.post(CHOOSE, {"column": list(columns.COLUMNS)})
    assert "Source" in heads(user)


def test_choosing_leads_back_to_the_list_as_it_was_and_nowhere_else(user: Client) -> None:
    asked = {"tag": "leak", "days": "7", "next": "https://elsewhere.example", "cursor": "x"}
    answer = user.post(CHOOSE, {"column": ["status"], **asked})
    path, query = answer.headers["Location"].split("?")
    assert path == LIST
    assert set(query.split("&")) == {"tag=leak", "days=7"}


def test_columns_stand_in_the_order_of_their_reader(user: Client) -> None:
    order = ["status", "agent", "tags"]
    user.post(CHOOSE, {"column": ["tags", "status", "source"], "order": order})
    assert heads(user) == ["Caller", "Status", columns.BOTH, "Source", "Details"]
    drawn = row(user)
    places = [drawn.index(word) for word in ("c-status", "c-tags", "c-source")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("press", "then"),
    [
        ({"later": "agent"}, ["Status", "Agent", "Tags"]),
        ({"earlier": "tags"}, ["Agent", "Tags", "Status"]),
        ({"earlier": "agent"}, ["Agent", "Status", "Tags"]),
        ({"later": "tags"}, ["Agent", "Status", "Tags"]),
        ({"later": "salary"}, ["Agent", "Status", "Tags"]),
    ],
)
def test_without_scripts_an_arrow_moves_a_column_by_one(
    user: Client, press: dict[str, str], then: list[str]
) -> None:
    order = ["agent", "status", "tags"]
    user.post(CHOOSE, {"column": order, "order": order, **press})
    assert [word.replace(columns.BOTH, "Tags") for word in heads(user)[1:-1]] == then


def test_a_column_of_a_later_version_stands_behind_and_one_that_is_gone_is_forgotten(world: World) -> None:
    with world.inside():
        CallColumns.objects.create(business=world.acme, member=world.user, order=["tags", "salary"])
        names = [column.name for column in columns.of(world.user).every]
    assert names == ["tags", *(name for name in columns.COLUMNS if name != "tags")]


def test_a_column_that_is_none_is_refused(world: World, user: Client) -> None:
    assert user.post(CHOOSE, {"column": ["status", "salary"]}).status_code == 422
    assert user.post(CHOOSE, {"column": ["status"], "order": ["salary"]}).status_code == 422
    with world.inside():
        with pytest.raises(Invalid):
            columns.choose(["caller"], by=world.user)
        assert not CallColumns.objects.exists()


def test_a_choice_is_written_down_once(world: World) -> None:
    for _ in range(2):
        with world.inside():
            columns.choose(["status"], by=world.user)
    [entry] = Entry.objects.of(world.acme.pk).filter(name="columns.chosen")
    hidden = ["source", "started", "agent", "owed", "recording", "tags"]
    assert entry.data == {"hidden": hidden, "order": [], "added": []}
    with business_scope(world.rival.pk):
        assert not CallColumns.objects.exists()


def test_a_visitor_sees_the_columns_as_they_come_and_no_menu_to_choose(world: World, user: Client) -> None:
    user.post(CHOOSE, {"column": []})
    root = add_superuser()
    visits.start(root, world.acme, "Ticket 12")
    guest = login(Client(), root)
    assert heads(guest) == ["Caller", *AS_THEY_COME, "Details"]
    assert CHOOSE not in guest.get(LIST).content.decode()
    assert guest.post(CHOOSE, {"column": ["status"]}).status_code == 403
    assert guest.post(RESET).status_code == 403
