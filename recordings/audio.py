"""What is this file, and how long does it play? Known from its head and its size, while it passes by.

A `Meter` counts, hashes and looks at what is on its way to the storage. A page of HTML is refused at its first bytes; a
file that plays two seconds more or less than the provider said is refused at its end, before it counts as kept.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callcrm.lib.http import FetchError

TOLERANCE = 2.0  # seconds between the provider's word, which is rounded, and the audio
HEAD = 64 * 1024  # where a file says what it is

_UNKNOWN = 0x7FFFFFFF  # a length from here on was written before the end was known
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True, slots=True)
class Audio:
    content_type: str
    seconds: float
    channels: int


class Meter:
    """`told` is how long the provider says that it plays; None where it did not say."""

    def __init__(self, told: int | None) -> None:
        self.size = 0
        self.audio: Audio | None = None
        self._told = told
        self._hash = hashlib.sha256()

    def through(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same blocks. Raises FetchError where they are not what was asked for."""
        head = bytearray()
        for block in blocks:
            self.size += len(block)
            self._hash.update(block)
            head += block[: HEAD - len(head)]
            if len(head) >= 12:
                _kind(head)
            yield block
        self.audio = read(bytes(head), self.size)
        if self._told is not None and abs(self.audio.seconds - self._told) > TOLERANCE:
            raise FetchError("wrong_length")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def read(head: bytes, size: int) -> Audio:
    """Return what a file of this size is that begins like this. Raises FetchError."""
    return _wav(head, size) if _kind(head) == "wav" else _mp3(head, size)


def _kind(head: bytes | bytearray) -> str:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"
    raise FetchError("wrong_type")


def _wav(head: bytes, size: int) -> Audio:
    at, rate, channels = 12, 0, 0
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"fmt " and at + 16 <= len(head):
            channels, rate = struct.unpack_from("<2xHxxxxI", head, at)
        if name == b"data":
            return _wav_of(rate, channels, length, size - at)
        at += length + length % 2
    raise FetchError("wrong_type")


def _wav_of(rate: int, channels: int, said: int, there: int) -> Audio:
    if not rate or not channels:
        raise FetchError("wrong_type")
    if there < said < _UNKNOWN:
        raise FetchError("cut_short")
    length = said if 0 < said < _UNKNOWN else there
    return Audio("audio/wav", length / rate, channels)


def _mp3(head: bytes, size: int) -> Audio:
    """By the rate of the first frame, which recorders keep to; where a file counts its frames, by their number."""
    at = _after_tag(head)
    if at + 4 > len(head) or head[at] != 0xFF or head[at + 1] & 0xE6 != 0xE2:
        raise FetchError("wrong_type")
    version, rate, sampling = head[at + 1] >> 3 & 3, head[at + 2] >> 4, head[at + 2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        raise FetchError("wrong_type")
    samples, hertz = 1152 if version == 3 else 576, _RATES[version][sampling]
    frames = _counted_frames(head[at : at + 64])
    bits = _BITRATES[3 if version == 3 else 2][rate] * 1000
    seconds = frames * samples / hertz if frames else (size - at) * 8 / bits
    return Audio("audio/mpeg", seconds, 1 if head[at + 3] >> 6 == 3 else 2)


def _after_tag(head: bytes) -> int:
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    a, b, c, d = (byte & 127 for byte in head[6:10])
    return 10 + (a << 21 | b << 14 | c << 7 | d)


def _counted_frames(frame: bytes) -> int:
    for mark in (b"Xing", b"Info"):
        at = frame.find(mark)
        if 0 <= at <= len(frame) - 12 and frame[at + 7] & 1:
            return int.from_bytes(frame[at + 8 : at + 12], "big")
    return 0
