"""The practice provider of a business: a caller in the box, for whoever has no account anywhere yet.

He rings over real HTTP with real signatures, so what he does goes the whole way that a provider's delivery goes.
`manage.py practice` plays him at once; the button on the empty Calls page defers a job that does.
"""

import random
import secrets

from django.conf import settings
from django.db import transaction

from accounts.doors import Admitted
from accounts.models import Business, Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Invalid
from callcrm.lib.tenancy import business_scope
from leads.editing import source_named
from telephony import numbers
from telephony.events import PracticePlayed
from telephony.models import NumberRoute, ProviderAccount, TrackingNumber
from telephony.providers.practice.player import AtOnce, Line, Played, RealTime, play
from telephony.providers.practice.scenarios import SCENARIOS

PROVIDER = "practice"
DESTINATION = "+12025550100"  # rings nowhere: numbers 555-0100 to 555-0199 are kept for invention


def offered(member: Admitted) -> bool:
    """Say whether the member may let a practice caller ring."""
    return member.can(Permission.NUMBERS) and not member.read_only


def start(business: Business, scenario: str, *, by: Member) -> None:
    """Let a practice caller ring soon: defers a job in this transaction."""
    from telephony.tasks import play_practice  # tasks import this module

    if scenario not in SCENARIOS:
        raise Invalid(fields={"scenario": [f"Choose from {', '.join(SCENARIOS)}."]})
    number_for(business)
    record(PracticePlayed(scenario=scenario), by=by, business_id=business.pk)
    play_practice.defer(business_id=str(business.pk), scenario=scenario)


def running_product() -> str:
    """Return where callcrm listens. In development that is this machine, wherever the public address leads."""
    return str(settings.PRACTICE_API_BASE_URL)


def play_now(
    business: Business, scenario: str, *, base_url: str, e164: str = "", hurry: bool = False
) -> Played:
    """Play a scenario over HTTP and return the ids it used, once the last answer is in. Needs no scope.

    Raises Misplayed when the product does not answer as a carrier needs it, Invalid for a number that is not one of
    the business's practice numbers.
    """
    with business_scope(business.pk):
        number = number_for(business, e164)
        line = Line(
            account_id=number.account.account_id,
            secret=number.account.secret.reveal(),
            public_url=settings.PUBLIC_BASE_URL,
            base_url=base_url,
        )
    script = SCENARIOS[scenario]
    clock = AtOnce(script) if hurry else RealTime()
    return play(script, line, number.e164, rng=random.SystemRandom(), clock=clock)


@transaction.atomic
def number_for(business: Business, e164: str = "") -> TrackingNumber:
    """Return the business's practice number, made with its account if there is none."""
    mine = TrackingNumber.objects.filter(business=business, account__provider=PROVIDER).select_related(
        "account"
    )
    if e164:
        return _found(mine.filter(e164=e164).first())
    return mine.order_by("created_at").first() or _make_number(business)


def _found(number: TrackingNumber | None) -> TrackingNumber:
    if number is None:
        raise Invalid("This is no practice number of the business.")
    return number


def _make_number(business: Business) -> TrackingNumber:
    account = ProviderAccount.objects.filter(business=business, provider=PROVIDER).first() or numbers.connect(
        business, PROVIDER, f"PR{secrets.token_hex(16)}", secrets.token_urlsafe(24), label="Practice provider"
    )
    return numbers.add(
        business,
        _free_number(),
        account=account,
        source=source_named(business.pk, "Practice calls"),
        forward_to=[DESTINATION],
        label="Practice number",
    )


def _free_number() -> str:
    """Return a number that nobody has: an area code that is not in use, and a line kept for invention."""
    rng = random.SystemRandom()
    while True:
        number = f"+1{rng.randrange(201, 990)}55501{rng.randrange(0, 100):02}"
        if not NumberRoute.objects.filter(e164=number).exists():
            return number
