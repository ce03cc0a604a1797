"""The business of the demo: who works there, which sources it pays for, and their numbers."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts import businesses, keys
from accounts.events import BusinessCreated, LoggedIn, MemberAdded
from accounts.models import Business, Member, User
from accounts.permissions import Role
from audit.events import Change
from callcrm.demo.answering import TELEPHONES
from callcrm.demo.scene import PROVIDER, Scene
from callcrm.demo.traffic import DAYS
from callcrm.lib.ids import uuid7_at
from leads.models import Source
from recordings.events import RetentionChanged
from recordings.models import Recording, RetentionRule
from telephony.events import FlowPublished, NumberAdded, ProviderConnected
from telephony.models import NumberRoute, ProviderAccount, Telephone, TrackingNumber

SLUG = "acme"
# A week of calls is some 60 sounds and 300 MB, made by jobs behind everything else; messages are short.
KEPT_DAYS = {Recording.Kind.CALL: 7, Recording.Kind.VOICEMAIL: 30}
STAFF = {Role.OWNER: "Joanna Reyes", Role.ADMIN: "Ben Whitlock", Role.USER: "Priya Nair"}
SOURCES = [
    ("Google Ads", Source.Kind.SEARCH_AD, "Search campaign", "+15035550101"),
    ("Website", Source.Kind.WEBSITE, "Contact page", "+15035550102"),
    ("Yelp", Source.Kind.LISTING, "Listing", "+15035550103"),
    ("Facebook", Source.Kind.SOCIAL_AD, "Storm season ad", "+15035550104"),
    ("Yard signs", Source.Kind.PRINT, "Signs and vans", "+15035550105"),
    ("Referral", Source.Kind.REFERRAL, "", ""),
]


def business(passwords: Mapping[str, str], now: datetime) -> tuple[Business, dict[str, Member]]:
    """Make the business with its keys and its people, as if they had begun before the first call."""
    begun = opened(now)
    made = Business(
        pk=uuid7_at(begun),
        name="Cascade Roofing",
        slug=SLUG,
        timezone="America/Los_Angeles",
        created_at=begun,
    )
    made.full_clean()
    made.save(force_insert=True)
    keys.make_keys(made)
    for follow in businesses.on_created:
        follow(made)
    return made, {role: _member(made, role, name, passwords[role], begun) for role, name in STAFF.items()}


def _member(made: Business, role: str, name: str, password: str, begun: datetime) -> Member:
    user = User.objects.create_user(f"{role}@{SLUG}.example", password, name=name, created_at=begun)
    member: Member = Member.objects.create(business=made, user=user, role=role, created_at=begun)
    return member


def telephones(members: Mapping[str, Member]) -> None:
    """Let everybody have said which telephone is his."""
    for role, member in members.items():
        Telephone.objects.create(
            business=member.business, member=member, e164=TELEPHONES[role], changed_at=member.created_at
        )


def numbers(made: Business, now: datetime) -> list[TrackingNumber]:
    """Make the practice account, the sources and a number for each that is advertised."""
    begun = opened(now)
    account = ProviderAccount.objects.create(
        business=made,
        provider=PROVIDER,
        account_id=f"PR{secrets.token_hex(16)}",
        label="Practice provider",
        secret=secrets.token_urlsafe(24),
        created_at=begun,
    )
    added = []
    for minute, (name, kind, label, e164) in enumerate(SOURCES):
        source = Source.objects.create(business=made, name=name, kind=kind)
        if e164:
            at = begun + timedelta(minutes=20 + minute)
            added.append(_number(account, source, e164=e164, label=label, created_at=at))
    return added


def _number(
    account: ProviderAccount, source: Source, *, e164: str, label: str, created_at: datetime
) -> TrackingNumber:
    number: TrackingNumber = TrackingNumber.objects.create(
        pk=uuid7_at(created_at),
        business=account.business,
        account=account,
        source=source,
        e164=e164,
        label=label,
        created_at=created_at,
    )
    NumberRoute.objects.create(e164=e164, business_id=account.business_id, number=number)
    return number


def rules(made: Business) -> None:
    """Say how long recordings are kept, as the owner has."""
    for kind, days in KEPT_DAYS.items():
        RetentionRule.objects.create(business=made, kind=kind, days=days)


def opened(now: datetime) -> datetime:
    return now - timedelta(days=DAYS + 1)


def tell(scene: Scene) -> None:
    """Write the beginning into the history, and every morning on which somebody logged in."""
    begun, owner = opened(scene.now), scene.members[Role.OWNER]
    scene.tell(BusinessCreated(business_id=scene.business.pk), begun, None)
    for role, member in scene.members.items():
        by = None if role == Role.OWNER else owner
        scene.tell(MemberAdded(member_id=member.pk, role=role), begun + timedelta(minutes=3), by)
    account = scene.numbers[0].account
    scene.tell(
        ProviderConnected(account_id=account.pk, provider=PROVIDER), begun + timedelta(minutes=15), owner
    )
    for number in scene.numbers:
        scene.tell(NumberAdded(number_id=number.pk), number.created_at, owner)
        published = number.created_at + timedelta(minutes=1)
        scene.tell(FlowPublished(number_id=number.pk, version=1), published, owner)
    for kind, days in KEPT_DAYS.items():
        said = f"{days} days"
        changed = RetentionChanged(kind=kind.value, days=said, changes=[Change(kind.value, "kept", said)])
        scene.tell(changed, begun + timedelta(minutes=40), owner)
    for day in range(DAYS + 1):
        _tell_morning(scene, begun + timedelta(days=day))


def _tell_morning(scene: Scene, day: datetime) -> None:
    morning = day.astimezone(scene.business.tz).replace(hour=7, minute=35, second=0, microsecond=0)
    if morning.weekday() > 4:
        return
    for member in scene.members.values():
        if scene.chance(0.7):
            at = morning + scene.seconds(0, 4_000)
            scene.tell(LoggedIn(user_id=member.user_id, method="page"), at, member.user)
