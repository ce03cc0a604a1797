"""The known world of every test: acme with an owner, an admin and a user, and its rival.

`world` (a fixture of conftest.py) is made of real verbs, so it obeys what the product obeys. Nothing here
leaves a scope open: a test that reads rows behind the wall does so `with world.inside():`. All people are
invented, and so are their numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import businesses, team
from accounts.models import Business, Member, User
from accounts.permissions import Role
from callcrm.lib.cache import SWEEP
from callcrm.lib.tenancy import business_scope
from leads import editing
from leads.models import Lead, Source
from telephony import numbers
from telephony.models import Call, CallLeg, Message, Outcome, ProviderAccount, TrackingNumber
from telephony.providers import signing
from telephony.providers.base import CallState, Direction, MessageState
from telephony.providers.practice.webhook import SCHEME as PRACTICE
from telephony.providers.twilio.webhook import SCHEME as TWILIO

PASSWORD = "Known-Password-1"  # noqa: S105  # of everybody in the world of tests
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105  # Twilio's, of acme's account
ACCOUNT_ID = "AC" + "1" * 32
NUMBER = "+15035550100"
DESTINATION = "+15035550190"
SCHEMES = {"twilio": TWILIO, "practice": PRACTICE}

_next = count(1)


@dataclass(frozen=True)
class World:
    """Two businesses. What is acme's and not a person stands here too: its source, account and number."""

    acme: Business
    owner: Member
    admin: Member
    user: Member
    rival: Business
    rival_owner: Member
    source: Source
    account: ProviderAccount
    number: TrackingNumber

    def inside(self, business: Business | None = None) -> AbstractContextManager[None]:
        """See the rows of acme, or of another business."""
        return business_scope((business or self.acme).pk)


def make_world() -> World:
    """Make it; needs a database and no scope."""
    owner, rival_owner = (User.objects.create_user(f"owner@{name}.example", PASSWORD) for name in NAMES)
    acme = businesses.create("Acme Roofing", owner=owner, slug="acme", timezone="America/Los_Angeles")
    rival = businesses.create("Rival Roofing", owner=rival_owner, slug="rival")
    admin, user = (add_member(acme, role) for role in (Role.ADMIN, Role.USER))
    with business_scope(acme.pk):
        source = editing.source_named(acme.pk, "Google Ads", Source.Kind.SEARCH_AD)
        account = numbers.connect(acme, "twilio", ACCOUNT_ID, SECRET)
        number = numbers.add(acme, NUMBER, account=account, source=source, forward_to=[DESTINATION])
    return World(
        acme=acme,
        owner=Member.objects.get(business=acme, user=owner),
        admin=admin,
        user=user,
        rival=rival,
        rival_owner=Member.objects.get(business=rival),
        source=source,
        account=account,
        number=number,
    )


NAMES = ("acme", "rival")


def add_member(business: Business, role: str, email: str = "") -> Member:
    """Make a user and make him a member."""
    user = User.objects.create_user(email or f"{role}@{business.slug}.example", PASSWORD)
    return team.add(business, user, role, by=None)


def add_superuser(email: str = "root@platform.example") -> User:
    """Make a platform superuser, who belongs to no business."""
    return User.objects.create_superuser(email, PASSWORD)


def login(client: Client, who: Member | User) -> Client:
    """Let the client be this person from now on, without asking for the password."""
    user = who.user if isinstance(who, Member) else who
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def fresh_number() -> str:
    """Return an invented number that no other has, within thousands.

    It ends from 0160 to 0175: what tests look for by its last digits ends otherwise.
    """
    n = next(_next)
    return f"+1{201 + n // 16 % 700}55501{60 + n % 16}"


def sid(prefix: str) -> str:
    """Return an id as Twilio makes them: `CA`, `SM` or `RE` and 32 hex digits."""
    return prefix + uuid4().hex


def add_lead(business: Business, *, by: Member | None = None, **values: Any) -> Lead:
    """Add a lead as a member would; without `phones` it gets one that is nobody's yet."""
    values.setdefault("phones", [fresh_number()])
    with business_scope(business.pk):
        return editing.create(business, values, by=by or _owner(business))


def add_call(business: Business, lead: Lead | None = None, **values: Any) -> Call:
    """Add a call of now that was answered and is over; `values` are its fields."""
    begun = values.pop("started_at", timezone.now())
    fields: dict[str, Any] = {
        "provider": "twilio",
        "provider_id": sid("CA"),
        "state": CallState.COMPLETED,
        "outcome": Outcome.ANSWERED,
        "seen_at": begun,
        "started_at": begun,
        "answered_at": begun + timedelta(seconds=8),
        "ended_at": begun + timedelta(seconds=68),
        "ring_seconds": 8,
        "talk_seconds": 60,
        "duration_seconds": 68,
        "records": True,
        "notice": numbers.NOTICE,
        "notice_language": "en-US",
    } | values
    fields["rank"] = CallState(fields["state"]).rank
    with business_scope(business.pk):
        if lead:
            fields.setdefault("phone", lead.phone)
        number = TrackingNumber.objects.filter(business=business).first()
        fields.setdefault("number", number)
        fields.setdefault("source_id", number.source_id if number else None)
        return Call.objects.create(business=business, lead=lead, **fields)


def add_leg(call: Call, **values: Any) -> CallLeg:
    """Add an attempt to reach somebody for the caller; it was answered unless `values` say otherwise."""
    fields: dict[str, Any] = {
        "provider_id": sid("CA"),
        "to": DESTINATION,
        "state": CallState.COMPLETED,
        "bridged": True,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "duration_seconds": call.talk_seconds,
    } | values
    fields["rank"] = CallState(fields["state"]).rank
    with business_scope(call.business_id):
        return CallLeg.objects.create(business_id=call.business_id, call=call, **fields)


def add_message(
    business: Business, lead: Lead, body: str = "Are you open on Saturday?", **values: Any
) -> Message:
    """Add a text that the lead has sent."""
    fields: dict[str, Any] = {
        "provider": "twilio",
        "provider_id": sid("SM"),
        "direction": Direction.INBOUND,
        "state": MessageState.RECEIVED,
        "created_at": timezone.now(),
        "segments": 1,
    } | values
    with business_scope(business.pk):
        fields.setdefault("phone", lead.phone)
        fields.setdefault("number", TrackingNumber.objects.filter(business=business).first())
        return Message.objects.create(business=business, lead=lead, body=body, **fields)


def signed_post(
    client: Client,
    route: str,
    params: Mapping[str, str],
    *,
    provider: str = "twilio",
    account_id: str = ACCOUNT_ID,
    secret: str = SECRET,
    query: str = "",
) -> HttpResponse:
    """Post what a provider would, signed for the public address; a missing `AccountSid` is added."""
    path = f"/webhooks/{provider}/{route}/" + (f"?{query}" if query else "")
    body = urlencode({"AccountSid": account_id, **params}).encode()
    scheme = SCHEMES[provider]
    signature = signing.sign(scheme, url=settings.PUBLIC_BASE_URL + path, body=body, secret=secret)
    response: Any = client.post(path, body, content_type=signing.FORM, headers={scheme.header: signature})
    answer: HttpResponse = response
    return answer


def ring(client: Client, caller: str, *, call_sid: str = "", to: str = NUMBER, **more: str) -> str:
    """Let somebody call acme's number, as far as the first ring. Returns the call's id at the provider."""
    call_sid = call_sid or sid("CA")
    params = {"CallSid": call_sid, "From": caller, "To": to, "Direction": "inbound", "CallStatus": "ringing"}
    answer = signed_post(client, "voice", params | more)
    assert answer.status_code == 200, answer.status_code  # noqa: S101  # a helper of tests
    return call_sid


def assert_flat_queries(get: Callable[[], Any], grow: Callable[[], Any], *, times: int = 4) -> None:
    """Fail unless `get` asks the database as often after several runs of `grow` as after the first."""
    grow()
    get()  # what is cached per process must not count as a difference
    few = _queries(get)
    for _ in range(times):
        grow()
    many = _queries(get)
    assert len(many) <= len(few), _difference(few, many)  # noqa: S101  # a helper of tests


def _queries(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    asked = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in asked if SWEEP not in sql]  # counters are swept now and then, whoever comes by


def _difference(few: Iterable[str], many: Iterable[str]) -> str:
    before, after = list(few), list(many)
    grown = [sql[:160] for sql in after if after.count(sql) > before.count(sql)]
    return f"{len(before)} queries became {len(after)}: " + "\n".join(grown[:10])


def _owner(business: Business) -> Member:
    return (
        Member.objects.select_related("user").filter(business=business, role=Role.OWNER).first() or _missing()
    )


def _missing() -> Member:
    raise AssertionError("the business has no owner")
