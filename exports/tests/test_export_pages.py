"""The buttons that ask for a file, the page that shows how far it is, and the door that gives it."""

import re

import pytest

from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, login
from exports import writing
from exports.models import Export

LIST, EXPORTS = "/b/acme/calls/", "/b/acme/exports/"


@pytest.fixture
def calls(world):
    return [add_call(world.acme, add_lead(world.acme), tags=["leak"]) for _ in range(2)]


@pytest.fixture
def send(world, client, calls):
    login(client, world.admin)
    return lambda **values: client.post(EXPORTS, {"key": str(uuid7())} | values)


def made(world):
    with world.inside():
        return Export.objects.order_by("-created_at", "-pk")[0]


def test_who_may_not_export_sees_no_button_and_finds_no_door(world, client, calls):
    login(client, world.user)
    page = client.get(LIST).content.decode()
    assert "exports/" not in page
    assert client.get(EXPORTS).status_code == 403
    assert client.post(EXPORTS, {"key": "a"}).status_code == 403


def test_the_button_over_the_list_takes_its_filters_along(world, client, send):
    page = client.get(f"{LIST}?outcome=answered&tag=leak").content.decode()
    form = page[page.index(f'action="{EXPORTS}"') :]
    [back] = re.findall(r'name="back" value="([^"]*)"', form[: form.index("</form>")])
    assert "Export what these filters show" in form
    answer = send(back=back.replace("&amp;", "&"))
    assert (answer.status_code, answer.url) == (302, EXPORTS)
    assert made(world).filters == {"outcome": "answered", "tag": "leak"}
    page = client.get(EXPORTS).content.decode()
    assert "The export is being written" in page
    assert f'{LIST}?outcome=answered&amp;tag=leak">Calls by 2 filters' in page


def test_the_chosen_calls_are_exported_from_the_bar(world, client, calls, send):
    assert 'name="chosen"' in client.get(LIST).content.decode()
    send(chosen="1", call=[calls[0].pk], back="tag=storm")
    assert (made(world).calls, made(world).filters) == ([str(calls[0].pk)], {})
    assert "1 chosen call" in client.get(EXPORTS).content.decode()


def test_who_has_chosen_nothing_exports_nothing(world, client, send):
    answer = send(chosen="1", back="tag=leak")
    assert (answer.status_code, answer.url) == (302, f"{LIST}?tag=leak")
    assert "no call was chosen" in client.get(answer.url).content.decode()
    form = {"key": "a", "chosen": "1"}
    assert client.post(EXPORTS, form, headers={"HX-Request": "true"}).status_code == 422
    with world.inside():
        assert not Export.objects.exists()


def test_scripts_get_a_toast_with_the_way_to_the_file(client, calls, send):
    form = {"key": "a", "chosen": "1", "call": [calls[0].pk]}
    page = client.post(EXPORTS, form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert f'href="{EXPORTS}"' in page


@pytest.mark.parametrize(
    "values",
    [
        {"back": "outcome=odd"},
        {"back": "days=x"},
        {"key": ""},
        {"chosen": "1", "call": ["x"]},
        {"key": "\x00"},
    ],
)
def test_nonsense_is_refused(world, send, values):
    assert send(**values).status_code == 422


def test_a_press_that_comes_again_says_that_it_is_in_the_list(world, client, send):
    send(key="once")
    writing.carry_out(world.acme.pk, made(world).pk)
    send(key="once")
    assert "This was asked for before" in client.get(EXPORTS).content.decode()


def test_the_file_comes_by_its_button_and_by_no_address(world, client, calls, send):
    send()
    writing.carry_out(world.acme.pk, made(world).pk)
    page = client.get(EXPORTS).content.decode()
    [address] = re.findall(r'action="([^"]+/downloads/)"', page)
    assert client.get(address).status_code == 405
    answer = client.post(address)
    content = b"".join(answer.streaming_content)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="calls-\d{4}-\d\d-\d\d.csv"', answer.headers["Content-Disposition"]
    )
    assert int(answer.headers["Content-Length"]) == len(content)
    assert "no-store" in answer.headers["Cache-Control"]
    assert content.count(b"\r\n") == 3
    login(client, world.owner)
    assert client.post(address).status_code == 409
    assert address not in client.get(EXPORTS).content.decode()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "It begins in a moment."),
        ({"state": "writing"}, "Counting…"),
        ({"state": "writing", "written": 18_240, "total": 41_900}, "Written 18,240 of 41,900"),
        ({"state": "failed", "failure": "storage_full"}, "Our storage is full."),
        ({"state": "failed", "failure": "fault"}, "/retries/"),
        (
            {"state": "over", "total": 100_000, "written": 100_000, "is_cut": True},
            "a file has 100,000 at most",
        ),
        ({"state": "over", "had_filters": 2}, '<div class="title">Calls by 2 filters</div>'),
        ({"state": "over", "had_calls": 1}, '<div class="title">1 chosen call</div>'),
    ],
)
def test_the_page_says_how_it_stands(world, client, values, said):
    with world.inside():
        Export.objects.create(business=world.acme, made_by=world.admin, **values)
    assert said in login(client, world.admin).get(EXPORTS).content.decode()


def test_who_has_none_is_told_how_to_get_one(world, client):
    assert "No exports yet" in login(client, world.admin).get(EXPORTS).content.decode()


def test_what_failed_is_tried_again_by_its_button(world, client):
    with world.inside():
        failed = Export.objects.create(
            business=world.acme, made_by=world.admin, state="failed", failure="fault"
        )
    assert login(client, world.admin).post(f"{EXPORTS}{failed.pk}/retries/").url == EXPORTS
    assert made(world).state == "waiting"
