"""What staff make of a call: what came of it, its tags, a note."""

from collections.abc import Mapping
from typing import Any, cast

from django.db import transaction

from accounts.models import Member
from audit.actors import name_actors
from audit.models import Entry
from audit.recording import record
from callcrm.errors import Conflict, Invalid, NotFound
from telephony import feed
from telephony.events import CallChanged
from telephony.models import Call

EDITABLE = ("disposition", "tags", "note")
MOST_TAGS, LONGEST_TAG, LONGEST_DISPOSITION, LONGEST_NOTE = 20, 40, 40, 5_000


@transaction.atomic
def update_call(call: Call, values: Mapping[str, Any], *, by: Member) -> Call:
    """Change what `values` names: disposition (text or None), tags, note; `more_note` goes below the note of before.

    With `disposition_was` it is changed from that alone. Raises Invalid naming what is wrong, else Conflict.
    """
    call = _held(call)
    if "disposition_was" in values:
        _check_seen(call, values)
    if "more_note" in values:
        values = {**values, "note": _longer(call, values["more_note"])}
    given = {field: value for field, value in cleaned(values).items() if _differs(call, field, value)}
    for field, value in given.items():
        setattr(call, field, value)
    if given:
        call.save(update_fields=list(given))
        record(CallChanged(call_id=call.pk, fields=list(given)), by=by, business_id=call.business_id)
        feed.tell(call.business_id, "call.changed", call.pk, call.state)
    return call


def _check_seen(call: Call, values: Mapping[str, Any]) -> None:
    """Nobody writes over an outcome that he has not seen. The same one, said twice, is agreed on."""
    stands = call.disposition or ""
    if stands in (values["disposition_was"] or "", values["disposition"] or ""):
        return
    did = f"has set it to “{stands}”" if stands else "has taken it away"
    text = f"{_who_changed(call)} {did} meanwhile. To change that, save again."
    raise Conflict(text, fields={"disposition": [text]})


def _who_changed(call: Call) -> str:
    """Return who was the last to say what came of a call, as the history knows it."""
    about = Entry.objects.about(call.business_id, call.pk).filter(name=CallChanged.name)
    last = list(about.filter(data__fields__contains=["disposition"])[:1])
    name_actors(last)
    return next((str(entry.who) for entry in cast(Any, last)), "Somebody")


def _longer(call: Call, more: str) -> str:
    """Nobody writes over what another has noted: whoever writes has not seen all of it."""
    before = call.note.reveal() if call.note is not None else ""
    note = f"{before}\n{more.strip()}".strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            fields={"note": ["There is no room for more in the note of this call. Write it on the lead."]}
        )
    return note


def _differs(call: Call, field: str, value: Any) -> bool:
    """A note is sealed, and kept as often as it is written."""
    return field == "note" or getattr(call, field) != value


def cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what staff may say of a call, as it is kept. Raises Invalid naming what is wrong."""
    given = {field: values[field] for field in EDITABLE if field in values}
    if "disposition" in given:
        given["disposition"] = _disposition(given["disposition"])
    if "tags" in given:
        given["tags"] = clean_tags(given["tags"])
    if "note" in given:
        given["note"] = (given["note"] or "").strip() or None
    return given


def _held(call: Call) -> Call:
    """Lock the call: its note is sealed under the key of the person who it is of now, which another may change."""
    found = Call.objects.select_for_update().filter(pk=call.pk).first()
    if found is None:
        raise NotFound
    return found


def clean_tags(tags: list[str]) -> list[str]:
    """Return the tags once each, one blank between words. Raises Invalid for too many, too long or odd ones."""
    cleaned = list(dict.fromkeys(_folded(tag) for tag in tags if tag.strip()))
    odd = any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in cleaned)
    if len(cleaned) > MOST_TAGS or odd:
        raise Invalid(fields={"tags": [f"At most {MOST_TAGS} tags of at most {LONGEST_TAG} characters."]})
    return cleaned


def _folded(tag: str) -> str:
    """Two blanks look like one: a tag that has them would be found by nobody."""
    return " ".join(word for word in tag.split(" ") if word).strip()


def _disposition(text: str | None) -> str | None:
    text = (text or "").strip()
    if len(text) > LONGEST_DISPOSITION or not text.isprintable():
        raise Invalid(fields={"disposition": [f"At most {LONGEST_DISPOSITION} characters."]})
    return text or None
