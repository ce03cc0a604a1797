"""A member reports what is wrong with a call; who runs the business says what became of it.

Said twice, it is one report: the later words stand below the first. What is resolved stays resolved, unless who
resolved it takes that back; the same may be reported anew.
"""

from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from accounts.doors import Admitted, check
from accounts.models import Member
from accounts.permissions import Permission
from audit.recording import record
from callcrm.errors import Conflict, Invalid, NotFound
from callcrm.lib.crypto.envelope import DecryptError
from telephony import feed
from telephony.events import (
    CallProblemReopened,
    CallProblemReported,
    CallProblemResolved,
    CallProblemSaidMore,
)
from telephony.models import Call, CallProblem

LONGEST = 1_000
MOST_COUNTED = 9
MOST_SHOWN = 20  # of one call


@transaction.atomic
def report(call: Call, kind: str, words: str, *, by: Member) -> CallProblem:
    """Say what is wrong with a call. Raises Denied, Invalid naming what is missing or too long."""
    check(by, Permission.VIEW_CUSTOMERS, writes=True)
    words = _checked(kind, words)
    call = _held(call)
    same = {"business_id": call.business_id, "call": call, "kind": kind, "reported_by": by}
    problem = _open(same)
    if problem is not None:
        if _say_more(problem, words):
            _tell(call, CallProblemSaidMore(call_id=call.pk, problem_id=problem.pk, kind=kind), by)
        return problem
    problem = CallProblem(**same, lead=call.lead)
    problem.words = words or None
    problem.save(force_insert=True)
    _tell(call, CallProblemReported(call_id=call.pk, problem_id=problem.pk, kind=kind), by)
    return problem


@transaction.atomic
def resolve(problem: CallProblem, resolution: str, *, by: Member) -> CallProblem:
    """Say what became of it; of two who say so, the first. Raises Invalid for a word that is none, Denied."""
    check(by, Permission.ADMIN_PANEL, writes=True)
    if resolution not in CallProblem.Resolution.values:
        raise Invalid(fields={"resolution": [f"Choose from {', '.join(CallProblem.Resolution.values)}."]})
    found = CallProblem.objects.select_for_update().filter(pk=problem.pk).first()
    if found is None:
        raise NotFound
    if not found.is_open:
        return found
    found.resolution, found.resolved_by, found.resolved_at = resolution, by, now()
    found.save(update_fields=["resolution", "resolved_by", "resolved_at"])
    event = CallProblemResolved(call_id=found.call_id, problem_id=found.pk, resolution=resolution)
    record(event, by=by, business_id=found.business_id)
    feed.tell(found.business_id, "call.changed", found.call_id, found.call.state)
    return found


@transaction.atomic
def reopen(problem: CallProblem, *, by: Member) -> CallProblem:
    """Take back what oneself has said. Raises Denied, Conflict where another said it or it was reported anew."""
    check(by, Permission.ADMIN_PANEL, writes=True)
    call = _held(problem.call)  # as who reports it does, so that there is one report of a kind
    found = CallProblem.objects.select_for_update().filter(pk=problem.pk).first()
    if found is None:
        raise NotFound
    if found.is_open:
        return found
    if found.resolved_by_id != by.pk:
        raise Conflict("Another resolved it.")
    same = {"business_id": call.business_id, "call": call, "kind": found.kind}
    if found.reported_by_id and _open(same | {"reported_by_id": found.reported_by_id}):
        raise Conflict("It was reported anew: that report is open.")
    found.resolution, found.resolved_by, found.resolved_at = "", None, None
    found.save(update_fields=["resolution", "resolved_by", "resolved_at"])
    record(CallProblemReopened(call_id=call.pk, problem_id=found.pk), by=by, business_id=call.business_id)
    feed.tell(call.business_id, "call.changed", call.pk, call.state)
    return found


def follow(call: Call, before: bytes) -> None:
    """The locked call has got its person: what was reported of it is about him now, and goes with him."""
    reported = CallProblem.objects.filter(business_id=call.business_id, call=call, lead=None)
    for problem in reported.select_for_update():
        words = None
        with suppress(DecryptError):  # what does not open is lost already, and is no reason to refuse a call
            words = problem.words.reveal() if problem.words is not None else None
        problem.lead = call.lead
        if words is not None:
            problem.words = words
        problem.save(update_fields=["lead"] if words is None else ["lead", "words"])


def of_call(call: Call) -> tuple[list[CallProblem], bool]:
    """Return the newest that was reported of a call, for who sees it, and whether there is more."""
    found = list(CallProblem.objects.with_people().filter(call=call)[: MOST_SHOWN + 1])
    return found[:MOST_SHOWN], len(found) > MOST_SHOWN


def waiting(member: Admitted) -> str:
    """Return how many wait for somebody to look at them, for who may; up to 9 are counted, so it is always quick."""
    if not member.can(Permission.ADMIN_PANEL):
        return ""
    found = len(CallProblem.objects.visible_to(member).open().values_list("pk")[: MOST_COUNTED + 1])
    return f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found or "")


def _checked(kind: str, words: str) -> str:
    words = words.strip()
    if kind not in CallProblem.Kind.values:
        raise Invalid(fields={"kind": [f"Choose from {', '.join(CallProblem.Kind.values)}."]})
    if kind == CallProblem.Kind.OTHER and not words:
        raise Invalid(fields={"words": ["Say in a sentence what is wrong."]})
    if len(words) > LONGEST or "\0" in words:
        raise Invalid(fields={"words": [f"Write up to {LONGEST:,} characters."]})
    return words


def _say_more(problem: CallProblem, words: str) -> bool:
    """Keep what is said beside what was said before; False where nothing is new. Raises Invalid for too much of it."""
    before = problem.words.reveal() if problem.words is not None else ""
    if f"\n{before}\n".endswith(f"\n{words}\n") or not words:
        return False  # the form was sent twice
    if len(both := f"{before}\n{words}".strip()) > LONGEST:
        left = max(0, LONGEST - len(before) - 1)
        raise Invalid(
            fields={"words": [f"You reported this before: there is room for {left:,} characters more."]}
        )
    problem.words = both
    problem.save(update_fields=["words"])
    return True


def _tell(call: Call, event: CallProblemReported | CallProblemSaidMore, by: Member) -> None:
    record(event, by=by, business_id=call.business_id)
    feed.tell(call.business_id, "call.changed", call.pk, call.state)


def _open(same: dict[str, Any]) -> CallProblem | None:
    """Lock what is reported already, after its call. Whoever resolves it meanwhile is waited for: then it is none."""
    return CallProblem.objects.select_for_update().open().filter(**same).first()


def _held(call: Call) -> Call:
    """Lock the call, so that of two reports of one member the second finds the first, and a merge waits.

    Without its lead: that is the one of before the lock, and what is sealed hangs on the one of now.
    """
    found = Call.objects.select_for_update().filter(pk=call.pk).first()
    if found is None:
        raise NotFound
    return found
