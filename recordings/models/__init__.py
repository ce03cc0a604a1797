"""What is left of calls: recordings, how long they are kept, their pauses, and who listens to them."""

from recordings.models.inquiries import Inquiry
from recordings.models.listening import (
    AFTER,
    FIRST_USE,
    Playback,
    PlaybackQuerySet,
    PlayReason,
    RecordingNote,
)
from recordings.models.pauses import RecordingPause
from recordings.models.recordings import (
    EARLY,
    Recording,
    RecordingQuerySet,
    mine,
)
from recordings.models.retention import LONGEST_KEPT, RetentionRule

__all__ = [
    "AFTER",
    "EARLY",
    "FIRST_USE",
    "LONGEST_KEPT",
    "Inquiry",
    "PlayReason",
    "Playback",
    "PlaybackQuerySet",
    "Recording",
    "RecordingNote",
    "RecordingPause",
    "RecordingQuerySet",
    "RetentionRule",
    "mine",
]
