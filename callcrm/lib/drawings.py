"""Drawings as template tags: figures become strokes, and nobody's voice is in them. Beside `ui.py`, of its kind."""

from collections.abc import Sequence
from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("components/waveform.html")
def waveform(lanes: Sequence[bytes]) -> dict[str, Any]:
    """{% waveform recording.lanes %}: how loud it is, one side over the other; a flat line where nobody knows."""
    shown = lanes or [bytes(36)]
    sides = [("caller", -1), ("agent", 1)] if len(shown) > 1 else [("both", 0)]
    drawn = [{"side": side, "d": _wave(lane, way)} for lane, (side, way) in zip(shown, sides, strict=False)]
    return {"lanes": drawn, "width": 4 * len(shown[0])}


def _wave(lane: bytes, way: int) -> str:
    """Return strokes from the middle upwards, downwards, or both ways."""
    reach = [1 + loud * 21 / 255 for loud in lane]
    ends = [(each if way <= 0 else -1.5, each if way >= 0 else -1.5) for each in reach]
    return "".join(f"M{4 * at + 2} {24 - up:.1f}V{24 + down:.1f}" for at, (up, down) in enumerate(ends))
