"""A person's data stands nowhere in clear but in the answer of a reveal: not on a page, in a log, a table or a job.

Canaries (`tests/canaries.py`) come in by every way there is; then every place is searched for them.
"""

import copy
import json
import pickle
from io import StringIO

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error, connection
from django.test import Client

from accounts import keys, tokens, visits
from accounts.models import ApiSession, BusinessKey, User
from audit.models import Entry
from callcrm.lib.ids import uuid7
from callcrm.testing import NUMBER, PASSWORD, SECRET, add_lead, add_superuser, login, ring, sid, signed_post
from leads.models import Lead, LeadPhone
from telephony import ingest
from telephony.models import Call, NumberRoute
from tests import canaries
from tests.addresses import behind_doors, every_address
from tests.canaries import EMAIL, FIRST, LAST, NAME, NOT_ON_PAGES, OTHER_PHONE, PHONE, TEXT, WORD, found
from tests.everything import one_of_everything

STRANGERS = ("rival", "superuser", "anybody")
ROLES = ("user", "admin", "owner")


@pytest.fixture(autouse=True)
def _patience(settings):
    settings.RATE_LIMIT_API = settings.RATE_LIMIT_API_ANONYMOUS = settings.RATE_LIMIT_REVEALS = "100000/15m"


@pytest.fixture
def told(tmp_path):
    """What is said while the test runs."""
    with canaries.logs(tmp_path):
        yield lambda: canaries.said(tmp_path)


class Place:
    """Acme, and clients that act in it."""

    def __init__(self, world):
        self.world = world
        self.root = add_superuser()
        person = {"name": NAME, "email": EMAIL, "phones": [PHONE], "notes": TEXT}
        made = one_of_everything(world.acme, world.user, **person)
        entry = str(Entry.objects.of(world.acme.pk)[0].pk)
        self.lead, self.ids = made.lead, made.ids | {"entry": entry, "visit": str(uuid7())}

    def browser(self, who):
        return login(Client(raise_request_exception=False), who)

    def program(self, member):
        token = tokens.start(member).access
        return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})

    def visitor(self):
        visits.start(self.root, self.world.acme, "A test of leaks")
        return self.browser(self.root)


@pytest.fixture
def place(told, world):
    return Place(world)


@pytest.fixture
def busy(place, client, django_capture_on_commit_callbacks):
    """Canaries come in by webhooks, by forms and by the API; somebody looks at them; somebody searches."""
    with django_capture_on_commit_callbacks(execute=True):
        _come_in(client, PHONE, TEXT)
        _come_in(client, OTHER_PHONE, TEXT.replace(NAME, "somebody new"))
        owner, lead = place.world.owner, place.lead.pk
        _work_by_hand(place.browser(owner), f"/b/acme/leads/{lead}/", place.ids["call"])
        _work_by_program(place.program(owner), lead, place.ids["call"])
    return place


def _come_in(client, number, text):
    call_sid = ring(client, number)
    status = {
        "CallSid": call_sid,
        "From": number,
        "To": NUMBER,
        "CallStatus": "completed",
        "CallDuration": "31",
    }
    assert signed_post(client, "voice-status", status).status_code == 204
    written = {"MessageSid": sid("SM"), "From": number, "To": NUMBER, "Body": text, "SmsStatus": "received"}
    assert signed_post(client, "sms", written).status_code == 200


def _work_by_hand(browser, lead, call):
    reveal = {"fields": ["name", "phones", "email", "notes"], "reason": "verify"}
    assert browser.post(f"{lead}notes/", {"body": TEXT}).status_code == 302
    assert browser.post(f"{lead}edits/", {"name": NAME, "email": EMAIL, "notes": TEXT}).status_code == 302
    assert browser.post(f"/b/acme/calls/{call}/edits/", {"note": TEXT}).status_code == 302
    assert LAST in browser.post(f"{lead}reveals/", reveal).content.decode(), "a reveal reveals"
    for typed in (NAME, EMAIL, PHONE, "0187", OTHER_PHONE):
        for searched in ("leads", "calls"):
            answer = browser.post(f"/b/acme/{searched}/", {"q": typed})
            assert found(answer.headers["Location"].encode()) == []
            assert "Clear search" in browser.get(answer.headers["Location"]).content.decode()
    assert browser.post("/b/acme/practice-calls/", {"scenario": "answered"}).status_code == 302


def _work_by_program(program, lead, call):
    json_type = "application/json"
    changed = program.patch(f"/api/v1/calls/{call}/", {"note": TEXT}, json_type)
    revealed = program.post(
        f"/api/v1/leads/{lead}/reveals/", {"fields": ["name"], "reason": "verify"}, json_type
    )
    assert (changed.status_code, revealed.status_code) == (200, 200)
    assert revealed.json()["fields"]["name"] == NAME
    for kind, typed in (("q", NAME), ("phone", PHONE), ("email", EMAIL), ("name", NAME)):
        answer = program.post("/api/v1/leads/search/", {kind: typed}, json_type)
        assert answer.json()["results"], kind
        assert found(answer.content, NOT_ON_PAGES) == []


def every_answer(place):
    """Yield what everybody sees who may see anything: pages, the API, the admin, errors."""
    people = [(role, getattr(place.world, role)) for role in ROLES] + [("rival", place.world.rival_owner)]
    for role, member in people:
        yield from _answers(f"{role} in a browser", place.browser(member), _paths(place, api=False))
        yield from _answers(f"{role} by the API", place.program(member), _paths(place, api=True))
    yield from _answers("superuser", place.browser(place.root), [*_paths(place, api=False), *_admin(place)])
    yield from _answers("visitor", place.visitor(), [*_paths(place, api=False), *_admin(place)])
    yield from _answers("anybody", Client(), [*_paths(place, api=False), *_paths(place, api=True)])


def _answers(who, client, paths):
    for path in paths:
        answer = client.get(path)
        assert answer.status_code < 500, (who, path)
        yield who, path, answer.content.decode() + repr(answer.headers)


def _paths(place, *, api):
    return [
        a.path(place.ids) for a in behind_doors() if a.is_api == api and "GET" in a.needs and a.name != "live"
    ]


def _admin(place):
    """Its lists, and the pages of single rows as far as these are of models of ours."""
    routes = [
        a
        for a in every_address()
        if a.route.startswith("admin/") and a.name.endswith(("_changelist", "index"))
    ]
    yield from (f"/{a.route}" for a in routes)
    ids = {
        "telephony/call": "call",
        "leads/lead": "lead",
        "telephony/message": "message",
        "audit/entry": "entry",
    }
    ids |= {
        "telephony/provideraccount": "account",
        "webhooks/receipt": "receipt",
        "accounts/business": "business",
    }
    yield from (f"/admin/{model}/{place.ids[row]}/change/" for model, row in ids.items())


# --- Where people look, and what is said meanwhile


def test_what_anybody_is_shown_names_no_person_and_no_secret_nor_does_the_log(busy, told):
    hidden = list(secrets(busy.world.acme))
    people, masks, secret, seen = [], [], [], 0
    for who, path, content in every_answer(busy):
        people += [(who, path)] if found(content, NOT_ON_PAGES) else []
        masks += [(who, path)] if who.startswith(STRANGERS) and found(content, (FIRST, WORD)) else []
        secret += [(who, path, name) for name, one in hidden if one in content]
        seen += FIRST in content
    assert (people, masks, secret) == ([], [], [])
    assert seen > 10, "the masked person is on these pages"
    assert len(hidden) > 12
    assert [found(line) for line in told().splitlines() if found(line)] == []
    assert len(told().splitlines()) > 300


def test_the_security_log_tells_of_a_look_and_not_of_what_was_seen(busy, told):
    lines = [line for line in told().splitlines() if "callcrm.security" in line]
    assert [line for line in lines if "lead.revealed" in line and busy.ids["lead"] in line]
    assert found("".join(lines)) == []


def secrets(business):
    yield "the secret key", configured.SECRET_KEY
    yield from (("a key of tokens", key) for key in configured.JWT_KEYS.values())
    yield "the secret of a provider", SECRET
    yield "a password", PASSWORD
    yield "the password of the database", str(connection.settings_dict["PASSWORD"])
    raw = [*configured.LEAD_ENCRYPTION_KEYS.values(), keys.data_key(business.pk).secret]
    raw += [bytes(row.wrapped) for row in BusinessKey.objects.all()]
    for key in raw:
        yield from (("a key", spelled) for spelled in (key.hex(), repr(key)[2:-1]))
    yield from (("a hash of a password", user.password) for user in User.objects.exclude(password=""))
    yield from (("a hash of a token", session.refresh_hash) for session in ApiSession.objects.all())


# --- Where nobody looks


def test_no_table_holds_a_person_in_clear(busy, told):
    dump = canaries.database()
    assert found(dump) == []
    assert str(busy.ids["lead"]) in dump
    assert SECRET not in dump
    assert PASSWORD not in dump


def test_the_search_of_the_tables_would_find_a_person(world):
    world.number.label = f"{WORD} {PHONE}"
    with world.inside():
        world.number.save()
    assert found(canaries.database()) == ["6785550187", "5550187", WORD]
    assert found(LAST.encode().hex() + " dmVsbGljaG9yYUA=") == [LAST, "vellichora"]


def test_the_log_of_postgresql_names_nobody(busy):
    for fault in faults(busy.world.number).values():
        with pytest.raises((ValueError, Error)), busy.world.inside():
            fault()
    log = canaries.server_log()
    if log is None:
        pytest.skip("this server is not the tests' own: its log is not theirs to read")
    assert "ready to accept connections" in log
    assert found(log) == []


# --- When something goes wrong


def test_an_error_tells_nobody_who_it_was_about(place, told, monkeypatch):
    browser, statuses = place.browser(place.world.owner), {}
    for what, fault in faults(place.world.number).items():
        monkeypatch.setattr("telephony.figures.compare", fault)
        answer = browser.get("/b/acme/")
        statuses[what] = answer.status_code
        assert found(answer.content) == [], what
    assert list(statuses.values()) == [500, 400, 400, 409, 404, 500]
    assert found(told()) == []
    assert "SQLSTATE" in told()


def faults(number):
    """What can go wrong in a view, with a person in its words."""
    return {
        "a fault": lambda *_: _fault(f"{NAME!r} cannot be reached at {PHONE} or {EMAIL}"),
        "a value of the wrong kind": lambda *_: _execute("SELECT %s::int", f"{NAME} {PHONE}"),
        "a value out of range": lambda *_: _execute("SELECT %s::bigint::int", PHONE[1:]),
        "a row that is there already": lambda *_: _twice(number),
        "a row of another business": lambda *_: _execute(
            "UPDATE leads_source SET business_id = %s", str(uuid7())
        ),
        "a statement that is none": lambda *_: _execute(f"SELEC '{NAME}'"),
    }


def _fault(message):
    customer = message  # stands in the frame, as it would
    raise ValueError(customer)


def _execute(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _twice(number):
    for _ in range(2):
        NumberRoute.objects.create(e164=PHONE, business_id=number.business_id, number=number)


def errors(place):
    """Requests that are refused, with a person in every part of them. Returns the answers."""
    browser, program = place.browser(place.world.owner), place.program(place.world.owner)
    body, json_type = (
        {"name": NAME, "phones": [PHONE, 5], "email": f"{EMAIL} {LAST}", "status": LAST},
        "application/json",
    )
    yield program.post("/api/v1/leads/", body, json_type)
    yield program.post("/api/v1/leads/", {"phones": [PHONE + "0000000"], "source": NAME}, json_type)
    yield program.post("/api/v1/leads/", f'{{"name": "{NAME}", "phones": ["{PHONE}"', json_type)
    yield program.post("/api/v1/leads/", f'{{"name": "{NAME}", "name": "{PHONE}"}}', json_type)
    yield program.post("/api/v1/leads/", NAME, "text/plain")
    yield program.post("/api/v1/auth/token/", {"email": EMAIL, "password": NAME}, json_type)
    for path in (f"/b/acme/leads/{LAST}/", f"/{EMAIL}/", f"/b/acme/calls/?source={PHONE}", f"/b/{LAST}/"):
        yield browser.get(path)
        yield browser.post(path, {"q": NAME})
    yield program.get(f"/api/v1/calls/?provider_id={PHONE}%00&source={NAME}")
    yield program.get(f"/api/v1/leads/?cursor={LAST}&status={USER_AS_STATUS}")
    yield Client(enforce_csrf_checks=True).post("/login", {"email": EMAIL, "password": NAME})


USER_AS_STATUS = "vellichora"


def test_a_refusal_repeats_nothing_of_a_person(place, told):
    for answer in errors(place):
        path = answer.request["PATH_INFO"]
        assert 302 <= answer.status_code < 500, path
        # The list's page stands around a filter that is refused, with its masks.
        shown = NOT_ON_PAGES if path == "/b/acme/calls/" else canaries.NOWHERE
        assert found(answer.content, shown) == [], (path, answer.content)
    assert found(told()) == []
    assert found(canaries.database()) == []


@pytest.mark.parametrize("failure", [ValueError, KeyError, RuntimeError])
def test_a_delivery_that_fails_is_kept_and_tells_nothing(place, told, client, monkeypatch, failure):
    def fail(*_):
        raise failure(f"{PHONE} is odd: {TEXT!r}")

    monkeypatch.setattr(ingest, "apply", fail)
    text = {"MessageSid": sid("SM"), "From": PHONE, "To": NUMBER, "Body": TEXT, "SmsStatus": "received"}
    for route in ("sms", "voice-status", "voice"):
        answer = signed_post(client, route, text | {"CallSid": sid("CA"), "CallStatus": "completed"})
        assert answer.status_code in (200, 204)
        assert found(answer.content) == []
    forged = signed_post(client, "sms", text, secret="0" * 32)
    assert (forged.status_code, forged.content) == (403, b"")
    assert "webhook.failed" in told()
    assert found(told()) == []
    assert found(canaries.database()) == []


# --- What a developer might do without thinking


def test_a_lead_in_other_peoples_hands_is_sealed(world):
    lead = add_lead(world.acme, name=NAME, email=EMAIL, phones=[PHONE], notes=TEXT)
    with world.inside():
        loaded = Lead.objects.get(pk=lead.pk)
        phone = LeadPhone.objects.get(lead=lead)
        assert loaded.name.reveal() == NAME
        output = StringIO()
        call_command("dumpdata", "leads", "telephony", stdout=output)
        shown = {
            "repr": repr([loaded, phone, vars(phone)]),
            "str": f"{loaded} {phone} {loaded.name} {loaded.email} {loaded.notes} {phone.number}",
            "format": f"%s {loaded.name:>20}" % loaded.name,
            "json": json.dumps(
                vars(loaded) | {"_state": None, "phone": phone.number}, cls=DjangoJSONEncoder, default=str
            ),
            "values": repr([*Lead.objects.values(), *Lead.objects.values_list("name", "email")]),
            "raw": repr(next(iter(Lead.objects.raw("SELECT * FROM leads_lead"))).name),
            "pickle": pickle.dumps([loaded, phone, Lead.objects.all()]),
            "copy": repr(copy.deepcopy(loaded).name),
            "dumpdata": output.getvalue(),
            "fresh": repr(vars(Lead(name=NAME, email=EMAIL))),
        }
    assert {kind: found(content) for kind, content in shown.items() if found(content)} == {}
    assert {
        kind for kind in ("values", "raw", "copy", "dumpdata", "str", "json") if "<sealed>" not in shown[kind]
    } == set()


def test_a_call_in_other_peoples_hands_is_sealed(busy):
    with busy.world.inside():
        call = Call.objects.select_related("lead", "phone").get(pk=busy.ids["call"])
        assert found(repr(vars(call)) + repr(vars(call.lead)) + f"{call} {call.lead} {call.note}") == []
        assert found(pickle.dumps(call)) == []


def test_a_password_is_kept_as_a_hash_alone(world):
    assert make_password(PASSWORD) != PASSWORD
    assert PASSWORD not in {user.password for user in User.objects.all()}
