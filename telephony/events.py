"""What can happen to calls, texts, debts, numbers, provider accounts and opening hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event
from leads.events import REASONS


@dataclass(frozen=True, kw_only=True)
class CallRinging(Event):
    name = "call.ringing"
    sentence = "took in a call"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID | None
    first_time: bool


@dataclass(frozen=True, kw_only=True)
class CallAnswered(Event):
    name = "call.answered"
    sentence = "connected the call"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    name = "call.ended"
    sentence = "ended the call: {outcome}"
    subject = "call_id"
    call_id: UUID
    outcome: str


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    name = "call.changed"
    sentence = "changed the {fields} of the call"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {"disposition": "outcome"}
    call_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class CallProblemReported(Event):
    name = "call.problem_reported"
    sentence = "reported a problem with the call ({kind})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {
        "poor_audio": "poor audio", "wrong_person": "wrong person", "wrong_source": "wrong source",
        "no_recording": "missing recording", "other": "something else",
    }  # fmt: skip
    call_id: UUID
    problem_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class CallProblemSaidMore(Event):
    name = "call.problem_said_more"
    sentence = "said more about a problem with the call ({kind})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = CallProblemReported.words
    call_id: UUID
    problem_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class CallProblemResolved(Event):
    name = "call.problem_resolved"
    sentence = "resolved a problem with the call ({resolution})"
    subject = "call_id"
    words: ClassVar[Mapping[str, str]] = {
        "mended": "fixed", "provider": "told the provider", "no_fault": "no fault", "cannot": "cannot be fixed",
    }  # fmt: skip
    call_id: UUID
    problem_id: UUID
    resolution: str


@dataclass(frozen=True, kw_only=True)
class CallProblemReopened(Event):
    name = "call.problem_reopened"
    sentence = "opened a problem with the call again"
    subject = "call_id"
    call_id: UUID
    problem_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallLogged(Event):
    name = "call.logged"
    sentence = "logged a call by hand"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallPlaced(Event):
    name = "call.placed"
    sentence = "called somebody"
    subject = "call_id"
    call_id: UUID
    lead_id: UUID
    number_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallNotPlaced(Event):
    name = "call.not_placed"
    sentence = "could not place the call ({why})"
    subject = "call_id"
    call_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class CallStopWished(Event):
    name = "call.stop_wished"
    sentence = "wished the call to be stopped"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallStopped(Event):
    name = "call.stopped"
    sentence = "stopped the call before anybody was put through"
    subject = "call_id"
    call_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallNotStopped(Event):
    name = "call.not_stopped"
    sentence = "could not stop the call ({why})"
    subject = "call_id"
    call_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class CallNoteRevealed(Event):
    name = "call.note_revealed"
    sentence = "revealed the note of the call ({reason})"
    words: ClassVar[Mapping[str, str]] = REASONS
    subject = "call_id"
    security = True
    call_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnknownNumberCalled(Event):
    name = "call.unknown_number"
    sentence = "took in a call for a number that nobody has added"
    provider: str


@dataclass(frozen=True, kw_only=True)
class MessageReceived(Event):
    name = "message.received"
    sentence = "brought a text"
    subject = "message_id"
    message_id: UUID
    lead_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class MessageRevealed(Event):
    name = "message.revealed"
    sentence = "revealed the text ({reason})"
    words: ClassVar[Mapping[str, str]] = REASONS
    subject = "message_id"
    security = True
    message_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallbackOpened(Event):
    name = "callback.opened"
    sentence = "opened a callback that is owed"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackProven(Event):
    name = "callback.proven"
    sentence = "closed the callback by a {by_what}"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID
    by_what: str


@dataclass(frozen=True, kw_only=True)
class CallbackUnproven(Event):
    name = "callback.unproven"
    sentence = "took back what had closed the callback"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackWithdrawn(Event):
    name = "callback.withdrawn"
    sentence = "took a callback away that was not owed, or is part of another"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackClosed(Event):
    name = "callback.closed"
    sentence = "closed the callback ({reason})"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class CallbackReopened(Event):
    name = "callback.reopened"
    sentence = "opened the callback again"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class CallbackAssigned(Event):
    name = "callback.assigned"
    sentence = "said who calls back"
    subject = "lead_id"
    callback_id: UUID
    lead_id: UUID
    member_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class ProviderConnected(Event):
    name = "provider.connected"
    sentence = "connected a {provider} account"
    subject = "account_id"
    security = True
    account_id: UUID
    provider: str


@dataclass(frozen=True, kw_only=True)
class ProviderSecretChanged(Event):
    name = "provider.secret_changed"
    sentence = "{act} the secret of a {provider} account"
    subject = "account_id"
    security = True
    account_id: UUID
    provider: str
    act: str


@dataclass(frozen=True, kw_only=True)
class NumberAdded(Event):
    name = "number.added"
    sentence = "added a number"
    subject = "number_id"
    number_id: UUID


@dataclass(frozen=True, kw_only=True)
class NumberChanged(Event):
    name = "number.changed"
    sentence = "changed {fields} of a number"
    subject = "number_id"
    number_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class FlowSaved(Event):
    name = "flow.saved"
    sentence = "changed the draft of a call flow"
    subject = "number_id"
    number_id: UUID


@dataclass(frozen=True, kw_only=True)
class FlowPublished(Event):
    name = "flow.published"
    sentence = "published version {version} of a call flow"
    subject = "number_id"
    number_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class FlowDiscarded(Event):
    name = "flow.discarded"
    sentence = "discarded the draft of a call flow"
    subject = "number_id"
    number_id: UUID


@dataclass(frozen=True, kw_only=True)
class FlowRestored(Event):
    name = "flow.restored"
    sentence = "took version {version} of a call flow into its draft"
    subject = "number_id"
    number_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class HoursChanged(Event):
    name = "hours.changed"
    sentence = "changed the {fields} of the opening hours"
    subject = "hours_id"
    hours_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class TelephoneChanged(Event):
    name = "telephone.changed"
    sentence = "said which telephone to ring"
    subject = "member_id"
    security = True
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class TelephoneForgotten(Event):
    name = "telephone.forgotten"
    sentence = "has no telephone any more"
    subject = "member_id"
    security = True
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class PracticePlayed(Event):
    name = "practice.played"
    sentence = "played the practice caller {scenario}"
    scenario: str


@dataclass(frozen=True, kw_only=True)
class ViewSaved(Event):
    name = "view.saved"
    sentence = "saved a view of calls"
    subject = "view_id"
    view_id: UUID
    shared: bool


@dataclass(frozen=True, kw_only=True)
class ViewChanged(Event):
    name = "view.changed"
    sentence = "changed the {fields} of a view of calls"
    subject = "view_id"
    words: ClassVar[Mapping[str, str]] = {"is_shared": "sharing"}
    view_id: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class ViewRemoved(Event):
    name = "view.removed"
    sentence = "deleted a view of calls"
    subject = "view_id"
    view_id: UUID


@dataclass(frozen=True, kw_only=True)
class ColumnsChosen(Event):
    name = "columns.chosen"
    sentence = "chose the columns of the call list; put away: {hidden}"
    hidden: list[str]
    order: list[str]
    added: list[str]


@dataclass(frozen=True, kw_only=True)
class ColumnsReset(Event):
    name = "columns.reset"
    sentence = "put the columns of the call list back as they come"
