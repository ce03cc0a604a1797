"""Drafts and versions of a number's call flow: what is edited, and what answers calls.

A draft is saved by naming the state that one has seen; who is late is told so, and nothing of his is lost on the page.
Publishing makes a version that never changes, and asks `lint.py` first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Member
from audit.events import Change
from audit.recording import Actor, record
from callcrm.errors import Conflict, Invalid
from telephony.events import FlowDiscarded, FlowPublished, FlowRestored, FlowSaved
from telephony.flows import differences, documents, lint
from telephony.flows.steps import Flow
from telephony.hours import opening
from telephony.models import FlowDraft, FlowVersion, NumberRoute, TrackingNumber


@dataclass(frozen=True, slots=True)
class Current:
    """What one edits: the draft, or the published flow where there is none. `state` names it for the next save."""

    flow: Flow
    published: FlowVersion
    draft: FlowDraft | None

    @property
    def state(self) -> str:
        return f"{self.published.version}.{self.draft.revision if self.draft else 0}"

    @property
    def changes(self) -> int:
        """Return how many values differ from what answers calls; a draft may say the same again."""
        return len(differences.between(self.published.flow, self.flow)) if self.draft else 0


def current(number: TrackingNumber) -> Current:
    """Return what there is to edit."""
    draft = FlowDraft.objects.filter(number=number, business_id=number.business_id).first()
    return Current(draft.flow if draft else number.published.flow, number.published, draft)


def changed_by(theirs: Current) -> str:
    """Say who has changed the flow meanwhile."""
    last = theirs.draft.updated_by if theirs.draft else theirs.published.published_by
    return f"{last.name if last else 'Somebody else'} has changed this flow in the meantime."


def moved_on(theirs: Current, mine: Flow) -> str:
    """Say who has changed the flow meanwhile, and where it differs from what was to be saved."""
    names = [theirs.flow.title(name) for name, step in theirs.flow.steps.items() if mine.at(name) != step]
    names += [mine.title(name) for name in mine.steps if name not in theirs.flow.steps]
    where = f" It differs from yours at: {', '.join(dict.fromkeys(names))}." if names else ""
    return f"{changed_by(theirs)}{where} Your changes are not saved yet."


def problems(number: TrackingNumber, flow: Flow) -> Sequence[lint.Problem]:
    """Return what the linter says of a flow for this number."""
    own = NumberRoute.objects.filter(e164__in=flow.rings).values_list("e164", flat=True)
    zone = number.business.tz
    return lint.problems(flow, lint.Around(opening.of(number.business), now().astimezone(zone), set(own)))


@transaction.atomic
def save(number: TrackingNumber, flow: Flow, *, state: str | None, by: Member) -> Current:
    """Keep a draft. Raises Conflict when `state` is not what there is by now; None asks for no such care."""
    number = _locked(number)
    before = current(number)
    if state is not None and state != before.state:
        raise Conflict(moved_on(before, flow))
    document = documents.write(flow)
    if document == documents.write(before.flow):
        return before
    draft = before.draft or FlowDraft(business_id=number.business_id, number=number, revision=0)
    draft.before, draft.document = documents.write(before.flow), document
    draft.updated_by, draft.updated_at = _member(by), now()
    draft.revision += 1
    draft.save()
    told = differences.between(before.flow, flow)
    record(FlowSaved(number_id=number.pk, changes=told), by=by, business_id=number.business_id)
    return Current(flow, before.published, draft)


@transaction.atomic
def take_back(number: TrackingNumber, *, state: str, by: Member) -> Current:
    """Let the draft be what it was until its last save; done twice it is as after that save again.

    Raises Conflict when `state` is not what that save left: what came after it is somebody's work.
    """
    found = current(_locked(number))
    if found.state != state or found.draft is None or found.draft.before is None:
        raise Conflict("This flow has been changed since, so nothing was put back.")
    return save(number, documents.read(found.draft.before), state=state, by=by)


@transaction.atomic
def publish(number: TrackingNumber, *, by: Member) -> FlowVersion:
    """Let the draft answer calls from now on. Raises Invalid naming what would strand a caller.

    A draft that says what is published already makes no version.
    """
    number = _locked(number)
    found = current(number)
    if found.draft is None or not found.changes:
        return found.published
    refused = [problem for problem in problems(number, found.flow) if problem.refuses]
    if refused:
        raise Invalid("This flow would strand callers.", fields=_by_place(refused))
    version = put(number, found.flow, by=by)
    found.draft.delete()
    return version


@transaction.atomic
def put(number: TrackingNumber, flow: Flow, *, by: Actor | None) -> FlowVersion:
    """Make a flow the newest version, unasked. The first one of a number comes in this way."""
    last = number.published if number.published_id else None
    version = FlowVersion(
        business_id=number.business_id,
        number=number,
        version=last.version + 1 if last else 1,
        document=documents.write(flow),
        published_by=_member(by),
    )
    version.save(force_insert=True)
    number.published, number.forward_to = version, flow.rings
    number.save(update_fields=["published", "forward_to"])
    told = _told(last, version) if last else []
    event = FlowPublished(number_id=number.pk, version=version.version, changes=told)
    record(event, by=by, business_id=number.business_id)
    return version


def _told(last: FlowVersion, version: FlowVersion) -> list[Change]:
    """Return for the history in what a version differs from the one before."""
    numbers = Change("version", f"{last.version}", f"{version.version}")
    return [numbers, *differences.between(last.flow, version.flow)]


@transaction.atomic
def discard(number: TrackingNumber, *, by: Member) -> None:
    """Throw the draft away."""
    draft = current(_locked(number)).draft
    if draft is not None:
        draft.delete()
        record(FlowDiscarded(number_id=number.pk), by=by, business_id=number.business_id)


@transaction.atomic
def restore(version: FlowVersion, *, by: Member) -> Current:
    """Take an old version into the draft; nothing answers calls by it until it is published."""
    saved = save(version.number, version.flow, state=None, by=by)
    event = FlowRestored(number_id=version.number.pk, version=version.version)
    record(event, by=by, business_id=version.business_id)
    return saved


def _by_place(problems: Sequence[lint.Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(f"steps.{problem.place}" if problem.step else "flow", []).append(problem.message)
    return found


def _locked(number: TrackingNumber) -> TrackingNumber:
    """Two who save at once wait for each other, and the second is told that he is late."""
    mine = TrackingNumber.objects.select_for_update(of=("self",)).select_related("business", "published")
    return mine.get(pk=number.pk, business_id=number.business_id)


def _member(by: Actor | None) -> Member | None:
    return by if isinstance(by, Member) else None
