"""Asking a provider to make a call, once: claim and commit, ask, settle and commit.

Nothing is asked twice. Where nobody knows what became of the asking, because no answer came or the worker was killed,
the provider is asked what calls there are. The call's first delivery may come before the answer: every address that is
given out for it names it, and `ingest` takes its id from there. A wish that has waited for long is not carried out any
more: nobody expects his telephone to ring then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.timezone import now

from accounts.models import Business
from audit.recording import record
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from telephony import ingest
from telephony.events import CallNotPlaced
from telephony.links import Links
from telephony.models import Call, Placement
from telephony.providers import PROVIDERS
from telephony.providers.base import Access, CallState, Client, NewCall

State = Placement.State
TOO_LATE = timedelta(seconds=45)
LOOKED_AFTER = timedelta(seconds=20)  # longer than a client may take
MOST_LOOKS = 6
MOST_SWEPT = 100


@dataclass(frozen=True, slots=True)
class _Order:
    """What the provider is asked, and of which call."""

    business_id: UUID
    placement_id: UUID
    client: Client
    access: Access
    call: NewCall
    asked_at: datetime


def defer(placement: Placement) -> None:
    """Let a worker do it, once this transaction is committed."""
    from telephony.tasks import place_call  # tasks import this module

    place_call.defer(business_id=str(placement.business_id), placement_id=str(placement.pk))


def carry_out(business_id: UUID, placement_id: UUID) -> None:
    """Ask the provider for the call, if nobody has yet. Needs no scope."""
    order = _claim(business_id, placement_id)
    if order is None:
        return
    release_connection()
    try:
        provider_id = order.client.start_call(order.access, order.call)
    except FetchError as failure:
        if is_refusal(failure.code):
            _settle(order, failure=failure.code)
    else:
        _settle(order, provider_id=provider_id)


def look(business_id: UUID, placement_id: UUID) -> None:
    """Ask what became of an asking that nobody has heard of since. Needs no scope."""
    order = _unsettled(business_id, placement_id)
    if order is None:
        return
    release_connection()
    try:
        found = order.client.find_calls(order.access, order.call, order.asked_at)
    except FetchError:
        _look_again(order)
    else:
        _settle_found(order, found)


def sweep() -> None:
    """Give up wishes whose worker was lost before it asked, and look for those whose next look was: a job for each."""
    from telephony.tasks import look_for_call, place_call  # tasks import this module

    late = Q(state=State.WAITING, created_at__lt=now() - TOO_LATE)
    lost = Q(state=State.ASKED, asked_at__lt=now() - MOST_LOOKS * LOOKED_AFTER)
    with system_scope("calls of all businesses that wait", Business.objects.values_list("pk", flat=True)):
        waiting = Placement.objects.filter(late | lost).order_by("created_at")
        for business_id, pk, state in waiting.values_list("business_id", "pk", "state")[:MOST_SWEPT]:
            task: Any = place_call if state == State.WAITING else look_for_call
            task.defer(business_id=str(business_id), placement_id=str(pk))


def _claim(business_id: UUID, placement_id: UUID) -> _Order | None:
    with business_scope(business_id):
        placement = _still(placement_id, State.WAITING)
        if placement is None:
            return None
        if placement.created_at < now() - TOO_LATE:
            _fail(placement, "too_late")
            return None
        placement.state, placement.asked_at = State.ASKED, now()
        placement.save(update_fields=["state", "asked_at"])
        _defer_look(placement)
        return _order(placement)


def _unsettled(business_id: UUID, placement_id: UUID) -> _Order | None:
    with business_scope(business_id):
        placement = Placement.objects.filter(pk=placement_id, state=State.ASKED).first()
        return _order(placement) if placement else None


def _order(placement: Placement) -> _Order:
    call = Call.objects.select_related("number__account").get(pk=placement.call_id)
    links = Links(call.provider)
    return _Order(
        business_id=placement.business_id,
        placement_id=placement.pk,
        client=PROVIDERS[call.provider].client,
        access=call.number.account.access,
        call=NewCall(
            to=placement.telephone,
            from_=call.number.e164,
            answer_url=links.to("bridge", call=str(call.pk)),
            status_url=links.to("voice-status", call=str(call.pk)),
        ),
        asked_at=placement.asked_at or placement.created_at,
    )


def _settle(order: _Order, *, provider_id: str = "", failure: str = "") -> None:
    with business_scope(order.business_id):
        placement = _still(order.placement_id, State.ASKED)
        if placement is None:
            return
        if failure:
            _fail(placement, failure)
        else:
            ingest.adopt(placement.call, provider_id)


def _settle_found(order: _Order, found: list[str]) -> None:
    """A call that we know already is another one: somebody has called from and to the same a moment before."""
    with business_scope(order.business_id):
        placement = _still(order.placement_id, State.ASKED)
        if placement is None:
            return
        same = {"business_id": order.business_id, "provider": placement.call.provider}
        known = set(Call.objects.filter(**same, provider_id__in=found).values_list("provider_id", flat=True))
        fresh = [provider_id for provider_id in found if provider_id not in known]
        if fresh:
            ingest.adopt(placement.call, fresh[0])
        else:
            _fail(placement, "not_placed")


def _look_again(order: _Order) -> None:
    with business_scope(order.business_id):
        placement = _still(order.placement_id, State.ASKED)
        if placement is None:
            return
        placement.looked += 1
        placement.save(update_fields=["looked"])
        if placement.looked < MOST_LOOKS:
            _defer_look(placement)
        else:
            _fail(placement, "unknown")


def locked(call: Call) -> Placement | None:
    """Return what was asked so that the call comes about, with the call, both locked in the order of deliveries."""
    mine = Call.objects.select_for_update().filter(pk=call.pk).first()
    placement = Placement.objects.select_for_update().filter(call=mine).first() if mine else None
    if placement is not None:
        placement.call = mine
    return placement


def _still(placement_id: UUID, state: State) -> Placement | None:
    """Return it locked, if nobody knows more of it than that."""
    call = Call.objects.filter(placements=placement_id).first()
    placement = locked(call) if call else None
    return placement if placement and placement.state == state else None


def _fail(placement: Placement, code: str) -> None:
    """The call is over before it began. Both are locked."""
    placement.state, placement.failure = State.FAILED, code
    placement.save(update_fields=["state", "failure"])
    call = placement.call
    record(CallNotPlaced(call_id=call.pk, why=code), by=None, business_id=call.business_id)
    ingest.end(call, CallState.FAILED, now())


def is_refusal(code: str) -> bool:
    """Say whether the provider has surely not made the call."""
    return code.startswith(("status_4", "error_", "refused_"))


def _defer_look(placement: Placement) -> None:
    from telephony.tasks import look_for_call  # tasks import this module

    soon: Any = look_for_call.configure(schedule_in={"seconds": LOOKED_AFTER.seconds})
    soon.defer(business_id=str(placement.business_id), placement_id=str(placement.pk))
