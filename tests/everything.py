"""One row of everything that a business can own, made by the verbs that make it in life.

For tests that ask of every table at once: `test_tenant_wall.py` fails for a tenant model of which there is no row here.
"""

from dataclasses import dataclass
from typing import Any

from accounts import idempotency, tokens
from accounts.models import ApiSession, Business, IdempotencyKey, Member
from callcrm.lib.tenancy import business_scope
from callcrm.testing import add_call, add_lead, add_leg, add_message, fresh_number, sid
from callcrm.webhooks.models import Receipt
from exports.models import Export
from leads import drafts, editing, merging
from leads.models import Lead, LeadMerge, LeadPhone, Note, NoteDraft, Source
from recordings.listening import notes
from recordings.models import Inquiry, Playback, Recording, RecordingNote, RecordingPause, RetentionRule
from recordings.retention import rules
from telephony import feed, numbers, turns
from telephony.bulk import changes
from telephony.callbacks import ledger
from telephony.flows import simple, versions
from telephony.hours import opening
from telephony.listing import columns, saved_views
from telephony.live import streams
from telephony.models import (
    BulkChange,
    Call,
    Callback,
    CallbackMiss,
    CallColumns,
    CallLeg,
    CallProblem,
    CallTag,
    CallView,
    FlowDraft,
    FlowVersion,
    LiveStream,
    Message,
    OpeningHours,
    Outcome,
    Placement,
    ProviderAccount,
    RingTurn,
    Telephone,
    TrackingNumber,
)
from telephony.outgoing import calling, telephones
from telephony.problems import reports


@dataclass(frozen=True)
class Everything:
    """What was made. Every name is that of a row."""

    business: Business
    member: Member
    source: Source
    account: ProviderAccount
    number: TrackingNumber
    hours: OpeningHours
    flow: FlowVersion
    draft: FlowDraft
    turn: RingTurn
    lead: Lead
    phone: LeadPhone
    note: Note
    writing: NoteDraft
    other: Lead
    merge: LeadMerge
    call: Call
    leg: CallLeg
    tag: CallTag
    problem: CallProblem
    recording: Recording
    playback: Playback
    moment: RecordingNote
    callback: Callback
    miss: CallbackMiss
    view: CallView
    columns: CallColumns
    bulk: BulkChange
    export: Export
    rule: RetentionRule
    pause: RecordingPause
    inquiry: Inquiry
    message: Message
    receipt: Receipt
    session: ApiSession
    telephone: Telephone
    placement: Placement
    key: IdempotencyKey

    @property
    def ids(self) -> dict[str, str]:
        return {name: str(row.pk) for name, row in vars(self).items()}


def one_of_everything(business: Business, member: Member, *, e164: str = "", **person: Any) -> Everything:
    """Make it for a business that has none yet; `person` are the values of its lead."""
    source, account, number = _telephony(business, e164 or fresh_number())
    lead = add_lead(
        business, by=member, **{"name": "Ida Brook", "source": source, "assigned_to": member} | person
    )
    other = add_lead(business, by=member, name="Ida Brooks", phones=[])
    call = add_call(business, lead, agent=member, note="Wants a quote.", tags=["leak"])
    with business_scope(business.pk):
        rows = _of_the_person(lead, member) | _of_the_number(number, call, member)
        rows |= _of_the_recording(call, member) | _of_the_member(call, member)
        streams.admit(member, LiveStream.Kind.SSE, "192.0.2.1")
    tokens.start(member)
    return Everything(
        business=business,
        member=member,
        source=source,
        account=account,
        number=number,
        lead=lead,
        other=other,
        call=call,
        leg=add_leg(call),
        message=add_message(business, lead),
        receipt=_receipt(business, account),
        session=ApiSession.objects.filter(member=member).latest("created_at"),
        **rows,
    )


def _of_the_person(lead: Lead, member: Member) -> dict[str, Any]:
    note = editing.add_note(lead, "Has a dog.", by=member)
    drafts.keep(lead, "Has a cat, t", by=member)
    miss = _miss(lead)
    phone = LeadPhone.objects.get(lead=lead)
    return {
        "note": note,
        "writing": NoteDraft.objects.get(lead=lead, member=member),
        "phone": phone,
        "callback": miss.callback,
        "miss": miss,
        "merge": _merge(lead, member),
    }


def _of_the_number(number: TrackingNumber, call: Call, member: Member) -> dict[str, Any]:
    hours = opening.change(call.business, week={"mon": ["08:00-18:00"]}, by=member)
    versions.save(number, simple.flow(["+15035550192"]), state=None, by=member)
    turns.take(call, "ring")
    rows = {"hours": hours, "flow": FlowVersion.objects.get(number=number)}
    return rows | {"draft": FlowDraft.objects.get(number=number), "turn": RingTurn.objects.get(call=call)}


def _of_the_recording(call: Call, member: Member) -> dict[str, Any]:
    recording = _recording(call)
    rules.change(call.business, {"voicemail": 90}, by=member)
    return {
        "recording": recording,
        "playback": _playback(recording, member),
        "moment": notes.add(recording, 0, "Says hello.", by=member),
        "pause": RecordingPause.objects.create(business=call.business, recording=recording, wished_by=member),
        "inquiry": Inquiry.objects.create(business=call.business, call=call),
        "rule": RetentionRule.objects.get(business=call.business),
    }


def _of_the_member(call: Call, member: Member) -> dict[str, Any]:
    """What he has chosen, and what he has done to a call."""
    columns.choose(["status"], by=member)
    idempotency.once(member, "a key", {}, lambda: call.pk)
    feed.tell(call.business_id, "call.changed", call.pk, call.state)
    return {
        "telephone": telephones.choose(member, fresh_number()),
        "placement": _placement(call.lead, member),
        "view": saved_views.save("Leaks", {"tag": "leak"}, shared=True, by=member),
        "columns": CallColumns.objects.get(member=member),
        "tag": CallTag.objects.get(call=call, tag="leak"),
        "problem": reports.report(call, "poor_audio", "It crackles.", by=member),
        "key": IdempotencyKey.objects.get(member=member, key="a key"),
        "export": Export.objects.create(business=call.business, made_by=member, filters={"tag": "leak"}),
        "bulk": changes.change([call.pk], "tag", "storm", key="many", by=member),
    }


def _telephony(business: Business, e164: str) -> tuple[Source, ProviderAccount, TrackingNumber]:
    with business_scope(business.pk):
        source = editing.source_named(business.pk, "Search", Source.Kind.SEARCH_AD)
        account = numbers.connect(business, "practice", f"PR-{business.slug}", "a secret of practice calls")
        number = numbers.add(business, e164, account=account, source=source, forward_to=["+15035550191"])
    return source, account, number


def _merge(lead: Lead, member: Member) -> LeadMerge:
    twin = add_lead(lead.business, by=member, name="I. Brook", phones=[])
    merging.merge(lead, twin, {}, by=member)
    return LeadMerge.objects.get(gone_id=twin.pk)


def _recording(call: Call) -> Recording:
    return Recording.objects.create(
        business_id=call.business_id, call=call, provider_id=sid("RE"), created_at=call.started_at
    )


def _playback(recording: Recording, member: Member) -> Playback:
    """Begun in a session that is over: nothing was fetched of the recording."""
    return Playback.objects.create(
        business_id=recording.business_id,
        recording=recording,
        member=member,
        session="x",
        ends_at=recording.created_at,
    )


def _miss(lead: Lead) -> CallbackMiss:
    """A later call that nobody took, so that a call back is owed."""
    vain: dict[str, Any] = {"outcome": Outcome.MISSED, "answered_at": None, "talk_seconds": None}
    missed = add_call(lead.business, lead, **vain)
    ledger.follow_call(missed, by=None)
    miss: CallbackMiss = CallbackMiss.objects.select_related("callback").get(call=missed)
    return miss


def _placement(lead: Lead, member: Member) -> Placement:
    """A call that was asked for, and is not placed yet."""
    call = calling.place(lead.business, {"lead": lead}, by=member)
    placement: Placement = Placement.objects.get(call=call)
    return placement


def _receipt(business: Business, account: ProviderAccount) -> Receipt:
    return Receipt.objects.create(
        business_id=business.pk,
        provider=account.provider,
        route="voice",
        account_id=account.account_id,
        dedupe_key=sid("CA"),
        state=Receipt.State.APPLIED,
        sealed=[b"sealed"],
    )
