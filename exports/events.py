"""What can happen to exports."""

from dataclasses import dataclass
from uuid import UUID

from audit.events import Event


@dataclass(frozen=True, kw_only=True)
class ExportAsked(Event):
    """By which filters, not by which of their values."""

    name = "export.asked"
    sentence = "asked for an export of calls; chosen: {chosen}; filters: {filters}"
    subject = "export_id"
    security = True
    export_id: UUID
    chosen: int
    filters: list[str]


@dataclass(frozen=True, kw_only=True)
class ExportWritten(Event):
    name = "export.written"
    sentence = "wrote {rows} calls into an export"
    subject = "export_id"
    export_id: UUID
    rows: int


@dataclass(frozen=True, kw_only=True)
class ExportFailed(Event):
    name = "export.failed"
    sentence = "could not write an export ({why})"
    subject = "export_id"
    export_id: UUID
    why: str


@dataclass(frozen=True, kw_only=True)
class ExportDownloaded(Event):
    name = "export.downloaded"
    sentence = "took an export of calls away as a file"
    subject = "export_id"
    security = True
    export_id: UUID


@dataclass(frozen=True, kw_only=True)
class ExportEnded(Event):
    name = "export.ended"
    sentence = "removed the file of an export, whose day was over"
    subject = "export_id"
    export_id: UUID
