"""Accounts at providers, numbers, calls, texts, who is owed a call back, and opening hours.

A call moves forward only; what providers deliver is applied by `ingest.py`, and what a caller hears is decided by
`routing.py`. The ranks of states are in `providers/base.py`. `ProviderAccount` and `NumberRoute` lie outside the
tenant wall: a delivery is verified and routed before its business is known. Everything else is behind it.
"""

from telephony.models.bulk import UNDOABLE, BulkChange
from telephony.models.call_tags import CallTag
from telephony.models.call_views import CallColumns, CallView, CallViewQuerySet
from telephony.models.callbacks import (
    LONGEST_WORDS,
    OPEN,
    Callback,
    CallbackMiss,
    CallbackQuerySet,
    MissKind,
    ProofKind,
    Reason,
    held_for,
)
from telephony.models.calls import (
    ABANDONED_UNDER,
    FEW,
    LIVE,
    ON_ITS_WAY,
    RECORDED,
    STALE_AFTER,
    TALKED,
    Call,
    CallLeg,
    CallQuerySet,
    Outcome,
    talked,
)
from telephony.models.flows import FlowDraft, FlowVersion, RingTurn
from telephony.models.live import FeedFrame, LiveStream
from telephony.models.messages import Message, MessageQuerySet
from telephony.models.numbers import NumberRoute, ProviderAccount, TrackingNumber
from telephony.models.opening import OpeningHours
from telephony.models.placements import WORDS, Placement
from telephony.models.problems import CallProblem, CallProblemQuerySet
from telephony.models.telephones import Telephone

__all__ = [
    "ABANDONED_UNDER",
    "FEW",
    "LIVE",
    "LONGEST_WORDS",
    "ON_ITS_WAY",
    "OPEN",
    "RECORDED",
    "STALE_AFTER",
    "TALKED",
    "UNDOABLE",
    "WORDS",
    "BulkChange",
    "Call",
    "CallColumns",
    "CallLeg",
    "CallProblem",
    "CallProblemQuerySet",
    "CallQuerySet",
    "CallTag",
    "CallView",
    "CallViewQuerySet",
    "Callback",
    "CallbackMiss",
    "CallbackQuerySet",
    "FeedFrame",
    "FlowDraft",
    "FlowVersion",
    "LiveStream",
    "Message",
    "MessageQuerySet",
    "MissKind",
    "NumberRoute",
    "OpeningHours",
    "Outcome",
    "Placement",
    "ProofKind",
    "ProviderAccount",
    "Reason",
    "RingTurn",
    "Telephone",
    "TrackingNumber",
    "held_for",
    "talked",
]
