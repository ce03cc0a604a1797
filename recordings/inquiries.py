"""A recording of which no delivery ever named an id is asked for: its call says that there should be one.

Where a call heard its notice and was to be recorded, and nothing came within some minutes of its end, the provider is
asked which recordings the call has. What he names is taken in like a delivery, and fetched, blocked or waited for like
any other. Each call is asked for once; a provider who does not answer is asked again as a fetch is tried again, for a
week. Nobody goes looking for what was said by a person who was deleted, nor for messages of calls that were not to be
recorded: those who left one are owed a call back as missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.timezone import now
from procrastinate.types import JSONDict

from accounts.models import Business
from audit.recording import record
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from recordings import attempts, failures, fetching
from recordings.events import RecordingsFound
from recordings.models import EARLY, Inquiry, Recording
from telephony import ingest
from telephony.models import Call, ProviderAccount
from telephony.providers import PROVIDERS
from telephony.providers.base import Access, Client, RecordingUpdate

TOLD_WITHIN = timedelta(minutes=5)  # of the end of its call something is heard of a recording, if it ever is
LOOKED_BACK = timedelta(days=1)  # at the calls that have begun since
TRIED_FOR = timedelta(days=7)
KEPT = timedelta(days=8)  # longer than looked back, or it would be asked anew
MOST_AT_ONCE = 200
LATE = timedelta(seconds=20)  # by which a job that was asked for has come, if it comes


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, of whom, and the claim under which."""

    business_id: UUID
    inquiry_id: UUID
    number: int
    client: Client
    access: Access
    call_provider_id: str


def sweep() -> None:
    """Find the calls to ask for, and ask again for what was asked and lost its job."""
    from recordings.tasks import ask_provider  # tasks import this module

    with system_scope("calls of all businesses whose recordings nobody told of", _businesses()):
        fresh = [
            Inquiry(business_id=call.business_id, call=call, next_attempt_at=now() - LATE)
            for call in unheard()[:MOST_AT_ONCE]
        ]
        Inquiry.objects.bulk_create(fresh, ignore_conflicts=True)
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        late = Inquiry.objects.filter(free, next_attempt_at__lte=now() - LATE).order_by("next_attempt_at")
        late = late.exclude(pk__in=fetching.in_the_queue("inquiry_id"))
        jobs: list[JSONDict] = [
            {"business_id": str(business_id), "inquiry_id": str(pk)}
            for business_id, pk in late.values_list("business_id", "pk")[:MOST_AT_ONCE]
        ]
        if jobs:
            ask_provider.batch_defer(*jobs)


def unheard() -> QuerySet[Call]:
    """Return the calls that were to be recorded, and of which no recording was told or asked for."""
    return (
        Call.objects.filter(
            Q(lead__isnull=False) | Q(withheld=True),
            provider__in=PROVIDERS,
            provider_id__isnull=False,
            number__isnull=False,
            records=True,
            started_at__gt=now() - LOOKED_BACK,
            ended_at__lt=now() - TOLD_WITHIN,
        )
        .exclude(notice="")
        .exclude(Exists(Recording.objects.filter(business=OuterRef("business"), call=OuterRef("pk"))))
        .exclude(Exists(Inquiry.objects.filter(business=OuterRef("business"), call=OuterRef("pk"))))
        .order_by("started_at")
    )


def ask(business_id: UUID, inquiry_id: UUID) -> None:
    """Ask the provider, if that is due. Needs no scope. Safe twice."""
    question = _claim(business_id, inquiry_id)
    if question is None:
        return
    release_connection()
    try:
        found = question.client.find_recordings(question.access, question.call_provider_id)
    except FetchError as failure:
        _settle_failed(question, failure)
    else:
        _settle(question, found)


def forget() -> None:
    """Forget what was asked about calls that nobody asks for any more. Runs in the scope of a business."""
    Inquiry.objects.filter(asked_since__lt=now() - KEPT).delete()


def _claim(business_id: UUID, inquiry_id: UUID) -> _Question | None:
    with business_scope(business_id):
        free = Q(claimed_until=None) | Q(claimed_until__lt=now())
        due = Inquiry.objects.filter(free, next_attempt_at__lte=now() + EARLY)
        inquiry = due.select_for_update().filter(pk=inquiry_id).first()
        if inquiry is None:
            return None
        call = inquiry.call
        account = ProviderAccount.objects.filter(pk=call.number.account_id, provider=call.provider).first()
        inquiry.attempts += 1
        inquiry.claimed_until = now() + attempts.LEASE
        if account is None:
            inquiry.failure, inquiry.next_attempt_at = failures.NO_ACCOUNT, None
        inquiry.save()
        if account is None:
            return None
        client = PROVIDERS[call.provider].client
        return _Question(business_id, inquiry_id, inquiry.attempts, client, account.access, call.provider_id)


def _settle(question: _Question, found: Sequence[RecordingUpdate]) -> None:
    with business_scope(question.business_id):
        call = Call.objects.select_for_update().filter(inquiries=question.inquiry_id).first()
        inquiry = _mine(question)
        if call is None or inquiry is None:
            return
        named = found if _may_be_looked_for(call) else []
        told = set(Recording.objects.filter(call=call).values_list("provider_id", flat=True))
        fresh = [update for update in named if update.provider_id not in told]
        inquiry.found, inquiry.failure = len(fresh), ""
        inquiry.next_attempt_at = inquiry.claimed_until = None
        inquiry.save()
        if fresh:
            ingest.apply(fresh, ingest.Origin(question.business_id, call.provider, now()))
            event = RecordingsFound(call_id=call.pk, count=len(fresh))
            record(event, by=None, business_id=question.business_id)


def _settle_failed(question: _Question, failure: FetchError) -> None:
    with business_scope(question.business_id):
        inquiry = _mine(question)
        if inquiry is None:
            return
        wait = attempts.wait(inquiry, failure)
        gives_up = now() - inquiry.asked_since > TRIED_FOR
        inquiry.failure, inquiry.claimed_until = failures.code_of(failure), None
        inquiry.next_attempt_at = None if gives_up else now() + wait
        inquiry.save()
        if not gives_up:
            _ask_again(inquiry, wait)


def _ask_again(inquiry: Inquiry, wait: timedelta) -> None:
    from recordings.tasks import ask_provider  # likewise

    later = ask_provider.configure(schedule_in={"seconds": ceil(wait.total_seconds())})
    later.defer(business_id=str(inquiry.business_id), inquiry_id=str(inquiry.pk))


def _mine(question: _Question) -> Inquiry | None:
    """Return the row under its claim; None once somebody else has taken it up."""
    mine = Inquiry.objects.filter(pk=question.inquiry_id, attempts=question.number)
    return mine.select_for_update().first()


def _may_be_looked_for(call: Call) -> bool:
    """Say whether its person, if it has shown one, is still there."""
    return call.withheld or call.lead_id is not None


def _businesses() -> QuerySet[Business, UUID]:
    return Business.objects.values_list("pk", flat=True)
