"""How somebody arranges the list of calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from audit.events import Event


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
