"""Whose turn it is in a round robin, kept for each number and step."""

from telephony.models import Call, RingTurn


def take(call: Call, step: str) -> int:
    """Return the turn of a call, counted from 0; told of twice, it takes one turn. Calls that race wait in line."""
    mine = {"business_id": call.business_id, "number": call.number, "step": step}
    RingTurn.objects.bulk_create([RingTurn(**mine, call=call)], ignore_conflicts=True)
    row = RingTurn.objects.select_for_update().get(**mine)
    if row.call_id != call.pk:
        row.turn, row.call = row.turn + 1, call
        row.save(update_fields=["turn", "call"])
    return row.turn
