"""How long recordings are kept: a rule for each kind, and what follows from it tonight.

A kind without a rule is kept; nothing is deleted unless somebody said so. Until when one is kept is computed and never
stored, so a changed rule holds from its commit on. A legal hold is stronger than any rule. Every business is swept in
its own night (`nights_work`), and whatever missed its night in the next hour; what is deleted, and how, is said in
`deletions.py`. A day of a rule is 24 hours from the recording's beginning, in every time zone.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Business, Member
from audit.events import Change
from audit.recording import record
from callcrm.errors import Conflict, Invalid
from callcrm.lib import logs
from callcrm.lib.tenancy import business_scope, system_scope
from recordings.events import RetentionChanged
from recordings.models import LONGEST_KEPT, Recording, RecordingQuerySet, RetentionRule
from recordings.retention import deletions

QUIET = time(4)  # later than the hours that clocks skip
# Between two nights lie up to 25 hours, and a night can be missed: what waits for so long goes at any hour. With the
# hour until the next job nothing waits for a day.
LATE = timedelta(hours=22)
BATCH = 200
CHANGED = (
    "Somebody else has changed how long recordings are kept since you opened this page. Nothing was saved: "
    "below is what holds now."
)

Rules = Mapping[str, int | None]
_log = logs.get("callcrm.recordings")


def rules_of(business_id: UUID, *, lock: bool = False) -> dict[str, int | None]:
    """Return the days for each kind; None: kept. A locked rule does not change until the transaction ends."""
    rows = RetentionRule.objects.filter(business_id=business_id).order_by("kind")
    said = {rule.kind: rule.days for rule in (rows.select_for_update() if lock else rows)}
    return {kind: said.get(kind) for kind in Recording.Kind.values}


def version_of(rules: Rules) -> str:
    """Return by what rules are known again: they are their own version."""
    return " ".join(f"{kind}={days or 'kept'}" for kind, days in sorted(rules.items()))


@transaction.atomic
def change(business: Business, rules: Rules, *, drawn: str | None = None, by: Member) -> None:
    """Set the rules of the kinds that are given. `drawn` is the version that they were made from.

    Raises Invalid for days that are none, Conflict when somebody else was quicker.
    """
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)  # there may be no rule yet to lock
    before = rules_of(business.pk, lock=True)
    if drawn is not None and drawn != version_of(before):
        raise Conflict(CHANGED)
    for kind, days in rules.items():
        _check(kind, days)
        if before[kind] != days:
            RetentionRule.objects.update_or_create(business=business, kind=kind, defaults={"days": days})
            change = Change(kind, in_words(before[kind]), in_words(days))
            event = RetentionChanged(kind=kind, days=change.after, changes=[change])
            record(event, by=by, business_id=business.pk)


def in_words(days: int | None) -> str:
    """Return how long, as the history says it."""
    return "kept" if days is None else f"{days} day{'s' * (days != 1)}"


def _check(kind: str, days: int | None) -> None:
    if kind not in Recording.Kind.values:
        raise Invalid(fields={"kind": ["There is no such kind."]})
    if days is not None and not 1 <= days <= LONGEST_KEPT:
        raise Invalid(fields={kind: [f"From 1 to {LONGEST_KEPT} days, or nothing: kept."]})


def shortens(before: Rules, after: Rules) -> bool:
    """Say whether anything goes sooner by the new rules."""
    return any(days is not None and days < (before[kind] or LONGEST_KEPT + 1) for kind, days in after.items())


def past(business_id: UUID, at: datetime, rules: Rules) -> RecordingQuerySet:
    """Return what is kept though its time by the rules is over at a moment: what goes, and what a hold keeps."""
    over = Q(pk__in=[])
    for kind, days in rules.items():
        if days is not None:
            over |= Q(kind=kind, created_at__lte=at - timedelta(days=days))
    return Recording.objects.filter(over, business_id=business_id).not_gone()


def going(business_id: UUID, at: datetime, rules: Rules | None = None) -> RecordingQuerySet:
    """Return what the rules, or others that somebody thinks about, delete at a moment."""
    mine = rules_of(business_id) if rules is None else rules
    return past(business_id, at, mine).filter(held_at=None)


def tonight(business: Business, at: datetime) -> datetime:
    """Return when the business is swept next."""
    local = at.astimezone(business.tz)
    # the job comes once an hour: by the end of that hour it was there
    quiet = datetime.combine(local.date(), QUIET, business.tz) + timedelta(hours=1)
    return quiet if quiet > local else quiet + timedelta(days=1)


def nights_work(business: Business, at: datetime) -> datetime:
    """Return the moment up to which what is due goes now: at night all of it, else what has missed its night."""
    is_night = at.astimezone(business.tz).hour == QUIET.hour
    return at if is_night else at - LATE


def businesses_with_rules() -> list[Business]:
    """Return those of which anything ever goes. Needs no scope."""
    everybody = Business.objects.values_list("pk", flat=True)
    with system_scope("which businesses let recordings go", everybody):
        mine = RetentionRule.objects.exclude(days=None).values_list("business_id", flat=True)
        return list(Business.objects.filter(pk__in=set(mine)).order_by("pk"))


def sweep(business_id: UUID, at: datetime) -> int:
    """Delete a batch of what is due at a moment, the oldest first, each in its own transaction. Returns how many."""
    with business_scope(business_id):
        due = list(going(business_id, at).order_by("created_at").values_list("pk", flat=True)[:BATCH])
    return sum(_expired(business_id, pk, at) for pk in due)


def _expired(business_id: UUID, pk: UUID, at: datetime) -> bool:
    try:
        return expire(business_id, pk, at)
    except Exception:  # one that cannot be deleted must not keep all others
        _log.exception("a recording could not be deleted", recording_id=str(pk))
        return False


def expire(business_id: UUID, pk: UUID, at: datetime) -> bool:
    """Delete it unless its rule, a hold or somebody has been quicker. Needs no scope."""
    with business_scope(business_id):
        rules = rules_of(business_id, lock=True)
        recording = deletions.locked(pk)
        if recording is None or not going(business_id, at, rules).filter(pk=pk).exists():
            return False
        deletions.end([recording], Recording.Rule.RETENTION, by=None, days=rules[recording.kind] or 0)
        return True


def sweep_all(business_id: UUID, at: datetime) -> int:
    """Delete everything that is due, batch after batch, until a batch brings nothing."""
    return sum(_batches(business_id, at))


def _batches(business_id: UUID, at: datetime) -> Iterator[int]:
    while gone := sweep(business_id, at):
        yield gone
