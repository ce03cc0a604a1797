"""A member saves filters under a name, for himself or for everybody; only he or an admin changes what is shared."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import Member
from accounts.permissions import Role
from audit.models import Entry
from callcrm.errors import Conflict, Denied, Invalid, NotFound
from callcrm.lib.ids import uuid7
from callcrm.testing import World, add_call, add_member, assert_flat_queries, login
from telephony.listing import saved_views
from telephony.models import CallView

pytestmark = pytest.mark.django_db
LEAKS = {"tag": "leak", "after_hours": "true"}
VIEWS, LIST = "/b/acme/calls/views/", "/b/acme/calls/"


def saved(
    world: World, name: str = "Leaks", by: Member | None = None, *, shared: bool = False, **given: str
) -> CallView:
    with world.inside():
        return saved_views.save(name, given or LEAKS, shared=shared, by=by or world.user)


def names(world: World, member: Member) -> list[str]:
    with world.inside():
        return [view.name for view in CallView.objects.visible_to(member).for_list()]


def told(world: World) -> list[tuple[str, dict[str, Any]]]:
    entries = Entry.objects.of(world.acme.pk).filter(name__startswith="view.").order_by("at")
    return [(entry.name, entry.data) for entry in entries]


def tabs(client: Client, query: str = "") -> dict[str, bool]:
    return {tab.label: tab.current for tab in client.get(f"{LIST}{query}").context["tabs"]}


# --- The verbs


def test_what_is_saved_is_seen_by_its_maker_and_shared_by_everybody(world: World) -> None:
    saved(world)
    saved(world, "Ours", shared=True)
    assert names(world, world.user) == ["Leaks", "Ours"]
    assert names(world, world.owner) == ["Ours"]
    assert names(world, world.rival_owner) == []


def test_only_filters_that_are_known_and_of_no_person_are_kept(world: World) -> None:
    lead = str(uuid7())
    given = LEAKS | {"lead": lead, "provider_id": "CA1", "cursor": "x", "name": "y", "days": "7", "owed": ""}
    with world.inside():
        view = saved_views.save("Leaks", given, shared=False, by=world.user)
    assert view.filters == LEAKS | {"days": "7"}


@pytest.mark.parametrize(
    "given", [{}, {"lead": str(uuid7())}, {"talked": "long"}, {"days": "0"}, {"tag": "a\0"}, {"mine": "no"}]
)
def test_what_filters_nothing_or_is_not_understood_is_refused(world: World, given: dict[str, str]) -> None:
    with world.inside(), pytest.raises(Invalid):
        saved_views.save("X", given, shared=False, by=world.user)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\u202eb"])
def test_a_name_is_short_and_can_be_read(world: World, name: str) -> None:
    with world.inside(), pytest.raises(Invalid) as refused:
        saved_views.save(name, LEAKS, shared=False, by=world.user)
    assert set(refused.value.fields) == {"name"}


def test_nobody_sees_two_views_of_one_name(world: World) -> None:
    saved(world, "Leaks")
    saved(world, "Ours", world.owner, shared=True)
    for name in ("leaks", " LEAKS ", "ours"):
        with pytest.raises(Invalid):
            saved(world, name)
    saved(world, "Leaks", world.owner)  # the user's own is nobody's business
    view = saved(world, "Third")
    with world.inside(), pytest.raises(Invalid):
        saved_views.change(view, "leaks", shared=False, by=world.user)


def test_the_database_refuses_a_second_of_the_same_name_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(world, "Leaks")
    monkeypatch.setattr(type(CallView.objects.all()), "exclude", lambda rows, **names: rows.none())
    with pytest.raises(Invalid) as refused:
        saved(world, "LEAKS")
    assert refused.value.fields == {"name": [saved_views.TAKEN]}


def test_a_member_has_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    for name in ("A", "B"):
        saved(world, name)
    with pytest.raises(Conflict):
        saved(world, "C")
    saved(world, "C", world.owner)


def test_a_shared_view_is_changed_by_its_maker_or_an_admin_and_by_nobody_else(world: World) -> None:
    view = saved(world, shared=True)
    colleague = add_member(world.acme, Role.USER, "second@acme.example")
    with world.inside():
        with pytest.raises(Denied):
            saved_views.change(view, "X", shared=True, by=colleague)
        with pytest.raises(Denied):
            saved_views.remove(view, by=colleague)
        with pytest.raises(Denied):
            saved_views.change(view, "Leaks", shared=False, by=world.admin)  # it would vanish from his sight
        assert saved_views.change(view, "Water", shared=True, by=world.admin).name == "Water"
        saved_views.remove(view, by=world.admin)
    assert names(world, world.user) == []


def test_a_private_view_is_not_there_for_anybody_else(world: World) -> None:
    view = saved(world)
    with world.inside():
        for act in (
            lambda: saved_views.change(view, "X", shared=True, by=world.owner),
            lambda: saved_views.remove(view, by=world.owner),
        ):
            with pytest.raises(NotFound):
                act()
    with world.inside():
        saved_views.remove(view, by=world.user)
        with pytest.raises(NotFound):
            saved_views.remove(view, by=world.user)


def test_each_change_is_in_the_history_without_names_and_gone_when_it_is_undone(world: World) -> None:
    view = saved(world, "Secret name")
    with world.inside():
        saved_views.change(view, "Other", shared=True, by=world.user)
        saved_views.change(view, "Other", shared=True, by=world.user)
        saved_views.remove(view, by=world.user)
    about = {"view_id": str(view.pk)}
    expected = [
        ("view.saved", about | {"shared": False}),
        ("view.changed", about | {"fields": ["name", "is_shared"]}),
        ("view.removed", about),
    ]
    assert told(world) == expected
    with transaction.atomic():
        saved(world, "Undone")
        transaction.set_rollback(True)
    assert told(world) == expected


# --- The pages


def test_saving_leads_to_the_list_as_it_was_and_the_view_is_a_tab(world: World, client: Client) -> None:
    login(client, world.user)
    call = add_call(world.acme, tags=["leak"], after_hours=True)
    page = client.get(LIST, LEAKS).content.decode()
    menu = page[page.index('action="/b/acme/calls/views/"') :]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', menu[: menu.index("</form>")]))
    assert LEAKS.items() <= hidden.items()
    answer = client.post(VIEWS, LEAKS | {"name": "Leaks", "shared": "on"}, follow=True)
    assert [row.pk for row in answer.context["page"].rows] == [call.pk]
    found = tabs(client, "?after_hours=true&tag=leak")
    assert (found["Leaks"], found["All calls"]) == (True, False)
    assert tabs(client)["Leaks"] is False
    assert "Leaks" in tabs(login(Client(), world.admin))


def test_the_menu_lists_every_view_and_marks_the_one_that_is_shown(world: World, client: Client) -> None:
    login(client, world.user)

    def menu(query: str = "") -> list[tuple[str, str]]:
        page = client.get(f"{LIST}{query}").content.decode()
        drawn = page[page.index('id="views"') : page.index("Rename or delete views")]
        link = r'<li><a href="\?[^"]*"( aria-current="true")?><span class="grow">([^<]+)</span>'
        return [(name, mark) for mark, name in re.findall(link, drawn)]

    assert menu() == []
    saved(world, "Mine alone", talked="over_10min")
    saved(world, "Of everybody", by=world.owner, shared=True, tag="roof")
    saved(world, "Of the owner", by=world.owner, tag="storm")
    assert sorted(menu()) == [("Mine alone", ""), ("Of everybody", "")]
    assert dict(menu("?tag=roof")) == {"Mine alone": "", "Of everybody": ' aria-current="true"'}


def test_a_refused_name_is_asked_again_with_the_filters(world: World, client: Client) -> None:
    login(client, world.user)
    saved(world, "Leaks")
    answer = client.post(VIEWS, LEAKS | {"name": "leaks"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert saved_views.TAKEN in page
    assert '<input type="hidden" name="tag" value="leak">' in page


def test_a_view_is_renamed_and_deleted_on_its_page(world: World, client: Client) -> None:
    view = saved(world)
    login(client, world.user)
    assert client.post(f"{VIEWS}{view.pk}/edits/", {"name": "Water", "shared": "on"}).status_code == 302
    assert names(world, world.owner) == ["Water"]
    refused = client.post(f"{VIEWS}{view.pk}/edits/", {"name": ""})
    assert refused.status_code == 422
    assert "Water" in refused.content.decode()
    assert client.post(f"{VIEWS}{view.pk}/removals/").status_code == 302
    assert client.post(f"{VIEWS}{view.pk}/removals/").status_code == 404
    assert "No views yet" in client.get(VIEWS).content.decode()


def test_enter_in_the_name_saves_and_a_view_is_deleted_after_a_question(world: World, client: Client) -> None:
    saved(world, shared=True)
    login(client, world.user)
    forms = re.findall(r"<form.*?</form>", client.get(VIEWS).content.decode(), re.DOTALL)
    [form] = [each for each in forms if "/edits/" in each]
    buttons = re.findall(r'<button [^>]*type="submit"[^>]*>([^<]*)', form)
    assert buttons == ["Save", "Delete the view"]
    assert "for everybody" in form


def test_who_may_not_change_a_shared_view_is_shown_no_form(world: World, client: Client) -> None:
    saved(world, by=world.owner, shared=True)
    page = login(client, world.user).get(VIEWS).content.decode()
    assert "Leaks" in page
    assert "/edits/" not in page


def test_a_filter_that_is_no_longer_known_is_left_out_and_said_so(world: World, client: Client) -> None:
    view = saved(world, source=str(world.source.pk), tag="leak")
    with world.inside():
        CallView.objects.filter(pk=view.pk).update(
            filters=view.filters | {"outcome": "eaten", "gone": "1", "mine": 5}
        )
        type(world.source).objects.filter(pk=world.source.pk).update(is_archived=True)
    login(client, world.user)
    [tab] = [tab for tab in client.get(LIST).context["tabs"] if tab.label == "Leaks"]
    assert not tab.is_whole
    answer = client.get(f"{LIST}{tab.url}")
    assert answer.status_code == 200
    assert {chip.name for chip in answer.context["filters"]} >= {"source", "tag"}
    assert "Source: Google Ads" in answer.content.decode()
    assert "no longer known" in client.get(VIEWS).content.decode()


@pytest.mark.parametrize("path", [LIST, VIEWS])
def test_views_cost_as_many_queries_however_many_there_are(world: World, client: Client, path: str) -> None:
    login(client, world.owner)

    def grow() -> None:
        member = add_member(world.acme, Role.USER, f"{uuid7()}@acme.example")
        saved(world, str(uuid7()), member, shared=True)
        saved(world, str(uuid7()), world.owner)

    assert_flat_queries(lambda: client.get(path), grow)
