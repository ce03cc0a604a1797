"""What is set up so that calls come: providers, numbers, their flows, opening hours, telephones, practice."""

from dataclasses import dataclass, field
from uuid import UUID

from audit.events import Change, Event


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
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FlowPublished(Event):
    name = "flow.published"
    sentence = "published version {version} of a call flow"
    subject = "number_id"
    number_id: UUID
    version: int
    changes: list[Change] = field(default_factory=list)


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
    changes: list[Change] = field(default_factory=list)


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
