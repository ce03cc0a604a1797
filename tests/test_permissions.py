"""Who comes through which door: every address of the URLconf, every kind of person, every method.

What is expected follows from what the door names (`needs`) and from `accounts.permissions.GRANTS`. Doors that need
no right are named here, each with its reason.
"""

from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client

from accounts import tokens, visits
from accounts.permissions import GRANTS, VISITOR_GRANTS, Permission, Role
from audit.models import Entry
from callcrm.lib.ids import uuid7
from callcrm.testing import add_call, add_lead, add_message, add_superuser, login
from tests.addresses import PAGE_METHODS, ROWS, behind_doors, every_address
from tests.catalogue import as_owner, rows, tables
from tests.everything import one_of_everything

OPEN = {
    "health": "a load balancer has no login",
    "ready": "a load balancer has no login",
    "start": "leads everybody to where he belongs",
    "login": "this is where one logs in",
    "logout": "who leaves needs no right",
    "account": "one's own; asks for a log-in itself",
    "own-session-end": "one's own; asks for a log-in itself",
    "invitation": "the link is the key",
    "platform": "superusers alone, asked in `accounts.platform`",
    "visits": "superusers alone, asked in `accounts.platform`",
    "visit-end": "superusers alone, asked in `accounts.platform`",
    "webhook": "the provider's signature is the key",
    "api-token": "this is where one logs in",
    "api-token-refresh": "the refresh token is the key",
    "api-token-revoke": "the refresh token is the key",
    "api-schema": "the shape of the API is no secret",
    "api-docs": "the shape of the API is no secret",
    "ui": "invented examples; development alone",
}
SUPERUSERS = ("platform", "visits", "visit-end")
ANYBODY = ("health", "ready", "login", "api-schema", "api-docs", "ui")

# RO1, cell by cell. A platform visit is no role: it looks, masked, and never writes.
TABLE = """
    view_customers           user admin owner visit
    edit_customers           user admin owner
    send_sms                 user admin owner
    place_calls              user admin owner
    send_email               user admin owner
    reveal                   user admin owner
    play                     user admin owner
    delete_customers              admin owner
    view_all_communications       admin owner visit
    admin_panel                   admin owner
    numbers                       admin owner
    audit                         admin owner visit
    export                        admin owner
    download                      admin owner
    manage_users                        owner
    erase                               owner
"""
CELLS = {line.split()[0]: set(line.split()[1:]) for line in TABLE.strip().splitlines()}
HOLDERS = {str(role): GRANTS[role] for role in Role} | {"visit": VISITOR_GRANTS}
# What is sent, where what is wrong with it would be said before the row is looked for.
LISTENED_TO = {"live", "playback", "playback-audio", "recording-file", "api-recording-audio"}
BODIES = {
    "lead-notes": {"body": "Called back."},
    "lead-deletions": {"confirm": "delete"},
    "lead-moves": {"status": "won"},
    "member-role": {"role": "admin"},
    "reveal": {"fields": "phones", "reason": "verify"},
    "note-reveal": {"reason": "verify"},
    "call-note-reveal": {"reason": "verify"},
    "message-reveal": {"reason": "verify"},
    "recording-holds": {"reason": "lawsuit"},
    "api-recording-holds": {"reason": "lawsuit"},
    "api-recording-deletions": {"rule": "request"},
    "api-reveals": {"fields": ["phones"], "reason": "verify"},
}
OPENED = {200, 201, 204, 302, 400, 405, 409, 415, 422, 503}


@pytest.fixture(autouse=True)
def _patience(settings):
    settings.RATE_LIMIT_API = settings.RATE_LIMIT_API_ANONYMOUS = "100000/15m"


@pytest.fixture
def acme(world):
    """Acme and what is in it; all that can be somebody's is that of its user."""
    made = one_of_everything(world.acme, world.user)
    root = add_superuser()
    ids = made.ids | {"entry": str(Entry.objects.of(world.acme.pk)[0].pk), "visit": str(uuid7())}
    return SimpleNamespace(world=world, ids=ids, root=root, call=made.call)


class Person:
    """Somebody, with a browser and, if he is a member, a token. What he does is undone at once."""

    def __init__(self, who=None, *, grants=frozenset(), writes=True):
        self.grants, self.writes = grants, writes
        self.browser, self.program = (
            Client(raise_request_exception=False),
            Client(raise_request_exception=False),
        )
        if who is not None:
            login(self.browser, who)
        if hasattr(who, "business_id"):
            self.program.defaults["HTTP_AUTHORIZATION"] = f"Bearer {tokens.start(who).access}"

    def ask(self, address, method, path):
        client = self.program if address.is_api else self.browser
        body = {"data": BODIES.get(address.name, {})} if method != "GET" else {}
        if body and address.is_api:
            body["content_type"] = "application/json"
        cookies = deepcopy(client.cookies)
        with undone():
            answer = getattr(client, method.lower())(path, **body)
        client.cookies = cookies  # he who has left is here again
        return answer

    def may(self, address, method):
        return address.needs[method] in self.grants and (self.writes or method == "GET")


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def person(acme, name):
    world = acme.world
    if name == "visit":
        visits.start(acme.root, world.acme, "A test of doors")
        return Person(acme.root, grants=VISITOR_GRANTS, writes=False)
    if name in Role.values:
        return Person(getattr(world, name), grants=GRANTS[name])
    return Person({"anonymous": None, "rival": world.rival_owner, "superuser": acme.root}[name])


def asked(acme, somebody, addresses):
    """Ask for every address by every method that it may have."""
    owner = Person(acme.world.owner)
    for address in addresses:
        for method in address.needs:
            path = address.path(acme.ids)
            answer = somebody.ask(address, method, path)
            if answer.status_code == 405:
                assert owner.ask(address, method, path).status_code == 405, (address, method)
            else:
                yield address, method, answer


# --- The table


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("right", CELLS)
def test_a_right_is_held_by_these_and_no_others(right, holder):
    assert (Permission(right) in HOLDERS[holder]) == (holder in CELLS[right])


def test_the_table_knows_every_right_and_every_role():
    assert set(CELLS) == set(Permission)
    assert set(HOLDERS) == {*Role.values, "visit"}


# --- The doors


def test_every_address_has_a_door_or_is_named_here_with_a_reason():
    for address in every_address():
        if not address.name.startswith("admin:") and not address.route.startswith("admin/"):
            assert bool(address.needs) != bool(address.reason), address
            assert address.needs or address.name in OPEN, address
    assert {a.name for a in every_address() if a.reason} == set(OPEN)


def test_every_id_in_an_address_is_one_that_is_tried_here():
    assert {address.name for address in every_address() if address.has_id} == set(ROWS)


def test_every_page_of_a_business_and_every_address_of_the_api_needs_a_right():
    for address in every_address():
        if address.is_business or (address.is_api and address.name not in OPEN):
            assert address.needs, address
            assert set(address.needs.values()) <= set(Permission), address


@pytest.mark.parametrize("name", ["user", "admin", "owner", "visit"])
def test_a_door_opens_to_the_right_it_names_and_to_nothing_else(acme, name):
    somebody = person(acme, name)
    wanted = [address for address in behind_doors() if name != "visit" or not address.is_api]
    for address, method, answer in asked(acme, somebody, wanted):
        said = (str(address), method, answer.status_code)
        assert answer.status_code in (OPENED if somebody.may(address, method) else {403}), said
        assert not answer.headers.get("Location", "").startswith("/login"), said


def test_what_is_sent_here_does_what_it_is_for(acme):
    """Else the doors would be tried with what nobody opens them for."""
    owner = person(acme, "owner")
    for address in behind_doors():
        if address.name in BODIES:
            answer = owner.ask(address, "POST", address.path(acme.ids))
            assert answer.status_code in (200, 201, 302), (address, answer.status_code)


def test_a_page_answers_no_method_but_its_own(acme):
    owner = person(acme, "owner")
    for address in behind_doors():
        if not address.is_api:
            for method in ("PUT", "PATCH", "DELETE"):
                assert owner.ask(address, method, address.path(acme.ids)).status_code == 405, (
                    address,
                    method,
                )


def test_nobody_comes_in_without_a_login(acme):
    for address, method, answer in asked(acme, person(acme, "anonymous"), behind_doors()):
        assert answer.status_code == (401 if address.is_api else 302), (address, method)
        assert address.is_api or answer.headers["Location"].startswith("/login?next="), address


@pytest.mark.parametrize("name", ["rival", "superuser"])
def test_a_page_of_a_business_is_not_there_for_who_is_no_member(acme, name):
    somebody = person(acme, name)
    for address, method, answer in asked(acme, somebody, [a for a in behind_doors() if a.is_business]):
        nowhere = somebody.ask(address, method, address.path(acme.ids, slug="nowhere"))
        assert same(answer) == same(nowhere), (address, method)
        assert answer.status_code == 404, (address, method)


def test_a_superuser_has_no_way_into_the_api_not_even_by_a_visit(acme):
    for name in ("superuser", "visit"):
        for address, method, answer in asked(
            acme, person(acme, name), [a for a in behind_doors() if a.is_api]
        ):
            assert answer.status_code == 401, (address, method)


def test_what_is_acmes_is_to_the_rival_as_if_it_were_not_there(acme):
    rival, mine = person(acme, "rival"), one_of_everything(acme.world.rival, acme.world.rival_owner).ids
    theirs, random = acme.ids, dict.fromkeys(acme.ids, str(uuid7()))
    mine |= {"entry": str(Entry.objects.of(acme.world.rival.pk)[0].pk)}
    for address in behind_doors():
        for method in address.needs if address.has_id else ():
            answers = [
                rival.ask(address, method, address.path(ids, slug="rival")) for ids in (theirs, random, mine)
            ]
            if answers[0].status_code != 405:
                assert same(answers[0]) == same(answers[1]), (address, method)
                assert answers[0].status_code == 404, (address, method)
                assert answers[2].status_code != 404, (address, method, "the rival's own is there")


def test_no_list_of_the_rival_names_anything_of_acme(acme):
    rival = person(acme, "rival")
    for address in behind_doors():
        if not address.has_id and "GET" in address.needs and address.name != "live":
            answer = rival.ask(address, "GET", address.path(acme.ids, slug="rival"))
            assert answer.status_code in (200, 405), address
            assert not [name for name, one in acme.ids.items() if one in answer.content.decode()], address


def test_a_call_of_somebody_else_is_to_a_user_as_if_it_were_not_there(acme):
    user = person(acme, "user")
    other = add_call(acme.world.acme, agent=acme.world.admin)
    for address in behind_doors():
        if ROWS.get(address.name) == "call":
            for method in address.needs:
                hidden, missing = (
                    user.ask(address, method, address.path({"call": str(pk)})) for pk in (other.pk, uuid7())
                )
                assert same(hidden) == same(missing), address
                refused = 404 if user.may(address, method) else 403
                assert hidden.status_code in (refused, 405), address


def test_a_text_to_somebody_elses_person_is_not_a_users_to_see(acme):
    message = add_message(acme.world.acme, add_lead(acme.world.acme, assigned_to=acme.world.admin))
    user, admin = person(acme, "user"), person(acme, "admin")
    [address] = [a for a in behind_doors() if a.name == "api-message"]
    path = address.path({"message": str(message.pk)})
    assert user.ask(address, "GET", path).status_code == 404
    assert admin.ask(address, "GET", path).status_code == 200


# --- Open doors


@pytest.mark.parametrize("name", ["anonymous", "user", "owner", "superuser"])
def test_an_open_door_lets_in_whom_it_says(acme, name):
    somebody = person(acme, name)
    for address in every_address():
        if address.name in OPEN and address.name not in ("webhook", "invitation"):
            for method in PAGE_METHODS:
                answer = somebody.ask(address, method, address.path(acme.ids))
                said = (str(address), method, answer.status_code)
                assert answer.status_code < 500, said
                if address.name in SUPERUSERS and answer.status_code != 405:
                    expected = {"anonymous": {302}, "superuser": {200, 302, 404, 422}}.get(name, {403})
                    assert answer.status_code in expected, said
                if address.name in ANYBODY and method == "GET":
                    assert answer.status_code in {200, 302}, said


@pytest.mark.parametrize("name", ["anonymous", "user", "owner", "rival"])
def test_the_admin_is_for_superusers(acme, name):
    somebody = person(acme, name)
    paths = [
        a
        for a in every_address()
        if a.route.startswith("admin/") and "<" not in a.route and "(" not in a.route
    ]
    assert len(paths) > 5
    for address in paths:
        for method in PAGE_METHODS:
            answer = somebody.ask(address, method, f"/{address.route}")
            if address.name not in ("admin:login", "admin:logout", "admin:jsi18n"):
                assert answer.status_code in (302, 403, 404, 405), (address.route, answer.status_code)
                assert "/login" in answer.headers.get("Location", "/login"), address.route


# --- Asking changes nothing


def test_no_get_changes_a_row(acme):
    """The live feed and the sound of recordings apart: who is there and who listens is written down."""
    for name in ("owner", "visit"):
        somebody = person(acme, name)
        addresses = [a for a in behind_doors() if "GET" in a.needs and a.name not in LISTENED_TO]
        before = contents()
        for address in addresses:
            if name == "owner" or not address.is_api:
                client = somebody.program if address.is_api else somebody.browser
                answer = client.get(address.path(acme.ids))
                assert answer.status_code in {200, 405, 403}, address
        assert changed(before) <= {"callcrm_counter", "django_session"} | (
            {"audit_entry"} if name == "visit" else set()
        )


def test_a_visit_that_is_over_opens_nothing(acme):
    somebody = person(acme, "visit")
    assert somebody.browser.get("/b/acme/").status_code == 200
    visits.end_open(acme.root, acme.world.acme)
    assert somebody.browser.get("/b/acme/").status_code == 404


def contents():
    """What stands in every table, as a sum of its rows."""
    sums = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
    with as_owner():
        return {table: rows(sums.format(table)) for table in tables()}


def changed(before):
    return {table for table, content in contents().items() if content != before[table]}


def same(answer):
    """An answer without what belongs to its request alone."""
    mine = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}
    headers = {name: value for name, value in answer.headers.items() if name not in mine}
    content = answer.content.replace(answer.headers["X-Request-ID"].encode(), b"")
    if answer.headers.get("Content-Type") == "application/json":
        error = answer.json()["error"]
        content = {name: value for name, value in error.items() if name != "request_id"}
    return answer.status_code, headers, content
