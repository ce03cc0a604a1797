"""Stopping a call that one has asked for: while one's own telephone rings, and until the other side is put through.

The wish is a row and commits; a job tells the provider, who ends a call however often he is told. What no provider was
asked for is never placed. A call whose id nobody knows yet is ended as soon as somebody does (`ingest.adopt`), and
whoever presses 1 meanwhile is hung up on (`bridging`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from accounts.models import Business, Member
from audit.events import Event
from audit.recording import record
from callcrm.errors import Conflict, Denied
from callcrm.lib.http import FetchError
from callcrm.lib.tenancy import business_scope, release_connection, system_scope
from telephony import feed, ingest
from telephony.events import CallNotStopped, CallStopped, CallStopWished
from telephony.models import Call, Placement
from telephony.outgoing import placing
from telephony.providers import PROVIDERS
from telephony.providers.base import Access, CallState, Client

Stop = Placement.Stop
MOST_TRIES = 6
LOST_AFTER = timedelta(minutes=2)  # longer than all tries take
PUT_THROUGH = "put_through"
MOST_SWEPT = 100
PASSING = ("status_429", "error_20429")


@dataclass(frozen=True, slots=True)
class _Order:
    """Which call the provider is told to end."""

    business_id: UUID
    placement_id: UUID
    client: Client
    access: Access
    call_id: str


@transaction.atomic
def stop(call: Call, *, by: Member) -> None:
    """Let a call end before two talk; one that is over is stopped already.

    Raises Denied for who has not asked for it, Conflict for a call that nobody asked for here and once the other side
    is put through.
    """
    placement = placing.locked(call)
    if placement is None:
        raise Conflict("Only a call that was asked for here can be stopped.")
    if placement.call.agent_id != by.pk:
        raise Denied("Only who has asked for a call can stop it.")
    if placement.is_stopping or not placement.call.is_live:
        return
    if placement.call.answered:
        raise Conflict("You have been put through. Hang up to end the call.")
    if placement.state == Placement.State.WAITING:
        _never_place(placement)
    else:
        _wish(placement)


def carry_out(business_id: UUID, placement_id: UUID) -> None:
    """Tell the provider to end it, if that is still wished and its id is known. Needs no scope."""
    order = _claim(business_id, placement_id)
    if order is None:
        return
    release_connection()
    try:
        order.client.end_call(order.access, order.call_id)
    except FetchError as failure:
        _settle(order, failure.code)
    else:
        _settle(order, "")


def sweep() -> None:
    """Tell again what was lost with its worker."""
    with system_scope("calls of all businesses to be stopped", Business.objects.values_list("pk", flat=True)):
        lost = Placement.objects.filter(stop=Stop.WISHED, stop_wished_at__lt=now() - LOST_AFTER)
        for business_id, pk in lost.values_list("business_id", "pk")[:MOST_SWEPT]:
            _defer(business_id, pk)


def _never_place(placement: Placement) -> None:
    placement.state, placement.failure = Placement.State.FAILED, "stopped"
    placement.save(update_fields=["state", "failure"])
    ingest.end(placement.call, CallState.CANCELED, now())
    _say(placement, Stop.STOPPED, CallStopped(call_id=placement.call_id))


def _wish(placement: Placement) -> None:
    placement.stop_wished_at, placement.stop_tries, placement.stop_failure = now(), 0, ""
    _say(placement, Stop.WISHED, CallStopWished(call_id=placement.call_id))
    _defer(placement.business_id, placement.pk)


def _claim(business_id: UUID, placement_id: UUID) -> _Order | None:
    with business_scope(business_id):
        placement = _wished(placement_id)
        if placement is None:
            return None
        call = placement.call
        if call.answered or placement.stop_tries >= MOST_TRIES:
            _give_up(placement, PUT_THROUGH if call.answered else placement.stop_failure)
            return None
        if not call.is_live:
            _say(placement, Stop.STOPPED, CallStopped(call_id=call.pk))
            return None
        if call.provider_id is None:
            return None
        placement.stop_tries += 1
        placement.save(update_fields=["stop_tries"])
        account = Call.objects.select_related("number__account").get(pk=call.pk).number.account
        client = PROVIDERS[call.provider].client
        return _Order(business_id, placement_id, client, account.access, call.provider_id)


def _settle(order: _Order, code: str) -> None:
    with business_scope(order.business_id):
        placement = _wished(order.placement_id)
        if placement is None:
            return
        if placement.call.answered:
            _give_up(placement, PUT_THROUGH)
        elif not code:
            # Its end will be told of, too. Until then it would seem to ring, and its member could call nobody.
            ingest.end(placement.call, CallState.CANCELED, now())
            _say(placement, Stop.STOPPED, CallStopped(call_id=placement.call_id))
        elif _passes(code) and placement.stop_tries < MOST_TRIES:
            _defer(order.business_id, order.placement_id, seconds=2 ** (placement.stop_tries - 1))
        else:
            _give_up(placement, code)


def _give_up(placement: Placement, code: str) -> None:
    """Who has been put through meanwhile talks on: only he ends that."""
    placement.stop_failure = code
    _say(placement, Stop.FAILED, CallNotStopped(call_id=placement.call_id, why=code))


def _wished(placement_id: UUID) -> Placement | None:
    """Return it with its call, both locked, if somebody still wishes that it ends."""
    call = Call.objects.filter(placements=placement_id).first()
    placement = placing.locked(call) if call else None
    return placement if placement and placement.is_stopping else None


def _say(placement: Placement, stop: Stop, event: Event) -> None:
    placement.stop = stop
    placement.save(update_fields=["stop", "stop_failure", "stop_wished_at", "stop_tries"])
    record(event, by=placement.call.agent, business_id=placement.business_id)
    feed.tell(placement.business_id, "call.changed", placement.call_id, placement.call.state)


def _passes(code: str) -> bool:
    """Say whether it may be otherwise in a moment."""
    return code in PASSING or not placing.is_refusal(code)


def _defer(business_id: UUID, placement_id: UUID, *, seconds: int = 0) -> None:
    from telephony.tasks import stop_call  # tasks import this module

    soon: Any = stop_call.configure(schedule_in={"seconds": seconds}) if seconds else stop_call
    soon.defer(business_id=str(business_id), placement_id=str(placement_id))
