"""A sealed file gives back any range of what went in, and nothing once it was touched."""

import tracemalloc
from random import Random

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callcrm.lib.crypto import chunks
from callcrm.lib.crypto.chunks import CHUNK, HEADER, MAGIC, TAG, Reader, plain_size, seal, sealed_size
from callcrm.lib.crypto.envelope import DecryptError

KEY = bytes(range(32))
PLACE = ("0192f3c4-0000-7000-8000-000000000001", "recording", "0192f3c4-0000-7000-8000-00000000000a")
BORDERS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1, 3 * CHUNK]
sizes = st.one_of(st.sampled_from(BORDERS), st.integers(0, 3 * CHUNK))
STEP = CHUNK + TAG


def content(size: int) -> bytes:
    """No two chunks are alike, and none repeats itself."""
    return Random(size).randbytes(size)


def sealed(plain: bytes, *, key: bytes = KEY, context: tuple[str, ...] = PLACE) -> bytes:
    return b"".join(seal([plain], key=key, context=context))


class Stored:
    """What a storage would answer; remembers what it was asked for."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked = content, 0

    def __call__(self, start: int, end: int) -> bytes:
        self.asked += end - start
        return self.content[start:end]


def reader(stored: bytes, size: int, *, key: bytes = KEY, context: tuple[str, ...] = PLACE) -> Reader:
    return Reader(Stored(stored), size=size, key=key, context=context)


def opened(stored: bytes, size: int) -> bytes:
    return b"".join(reader(stored, size).blocks())


@settings(max_examples=60, deadline=None)
@given(sizes, st.data())
def test_any_range_of_what_was_sealed_opens_again(size, data):
    plain = content(size)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    kept = reader(sealed(plain), size)
    assert kept.read(start, end) == plain[start:end]
    assert b"".join(kept.blocks()) == plain


@settings(max_examples=30, deadline=None)
@given(sizes, st.lists(st.integers(1, 2 * CHUNK), max_size=6))
def test_the_blocks_may_come_in_any_sizes(size, cuts):
    plain, blocks, at = content(size), [], 0
    for cut in [*cuts, size]:
        blocks.append(plain[at : at + cut])
        at += cut
    stored = b"".join(seal([*blocks, plain[at:]], key=KEY, context=PLACE))
    assert opened(stored, size) == plain


@given(st.integers(0, 10**10))
def test_both_sizes_follow_from_each_other(size):
    assert plain_size(sealed_size(size)) == size


@pytest.mark.parametrize("size", BORDERS)
def test_the_sealed_size_is_known_before(size):
    assert len(sealed(content(size))) == sealed_size(size)


@pytest.mark.parametrize("size", [0, HEADER, HEADER + TAG - 1, HEADER + STEP + 1, HEADER + STEP + TAG])
def test_a_size_that_no_sealed_file_has_is_refused(size):
    with pytest.raises(DecryptError):
        plain_size(size)


def test_a_range_is_read_without_the_rest_of_the_file():
    stored = Stored(sealed(content(20 * CHUNK)))
    kept = Reader(stored, size=20 * CHUNK, key=KEY, context=PLACE)
    stored.asked = 0
    assert kept.read(7 * CHUNK + 5, 8 * CHUNK + 5) == content(20 * CHUNK)[7 * CHUNK + 5 : 8 * CHUNK + 5]
    assert stored.asked == 2 * STEP


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (0, 11), (5, 4)])
def test_a_range_outside_the_file_is_a_mistake(start, end):
    with pytest.raises(ValueError, match="range"):
        reader(sealed(b"0123456789"), 10).read(start, end)


def test_two_sealings_of_one_file_share_no_chunk():
    one, other = sealed(b"the same"), sealed(b"the same")
    assert one[HEADER:] != other[HEADER:]


# --- What was touched


@settings(max_examples=40, deadline=None)
@given(sizes, st.data())
def test_any_flipped_bit_is_noticed(size, data):
    stored = bytearray(sealed(content(size)))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DecryptError):
        opened(bytes(stored), size)


@settings(max_examples=40, deadline=None)
@given(sizes, st.data())
def test_a_file_that_was_cut_anywhere_is_noticed_whichever_size_is_claimed(size, data):
    stored = sealed(content(size))[: data.draw(st.integers(0, sealed_size(size) - 1))]
    with pytest.raises(DecryptError):
        opened(stored, size)
    with pytest.raises(DecryptError):
        opened(stored, plain_size(len(stored)))


@pytest.mark.parametrize("left", [1, 2])
def test_a_file_that_was_cut_between_two_chunks_is_noticed(left):
    stored = sealed(content(3 * CHUNK))[: HEADER + left * STEP]
    with pytest.raises(DecryptError):
        opened(stored, plain_size(len(stored)))


def test_a_file_that_was_lengthened_is_noticed():
    stored = sealed(content(CHUNK))
    longer = stored + stored[HEADER:]
    with pytest.raises(DecryptError):
        opened(longer, plain_size(len(longer)))


@given(st.permutations([0, 1, 2]))
def test_chunks_in_another_order_are_noticed(order):
    assume(order != [0, 1, 2])
    stored = sealed(content(3 * CHUNK))
    parts = [stored[HEADER + n * STEP : HEADER + (n + 1) * STEP] for n in order]
    with pytest.raises(DecryptError):
        opened(stored[:HEADER] + b"".join(parts), 3 * CHUNK)


def test_a_chunk_of_another_file_under_the_same_key_is_noticed():
    one, other = sealed(content(2 * CHUNK)), sealed(content(2 * CHUNK))
    for mixed in (one[: HEADER + STEP] + other[HEADER + STEP :], other[:HEADER] + one[HEADER:]):
        with pytest.raises(DecryptError):
            opened(mixed, 2 * CHUNK)


@pytest.mark.parametrize(
    "context", [(*PLACE[:2], "another row"), ("x", *PLACE[1:]), PLACE[:2], ("".join(PLACE),)]
)
def test_nothing_opens_at_another_place(context):
    with pytest.raises(DecryptError):
        reader(sealed(b"audio"), 5, context=context).read(0, 5)


def test_nothing_opens_with_another_key():
    with pytest.raises(DecryptError):
        reader(sealed(b"audio"), 5, key=bytes(32)).read(0, 5)


def test_an_empty_file_says_so_under_seal():
    stored = sealed(b"")
    with pytest.raises(DecryptError):
        reader(stored[:-1] + bytes([stored[-1] ^ 1]), 0).read(0, 0)


def test_a_key_of_another_length_is_a_mistake_that_does_not_repeat_it():
    with pytest.raises(ValueError, match="32 bytes") as refused:
        sealed(b"audio", key=b"secret")
    assert "secret" not in str(refused.value)


# --- Format and memory


def test_a_second_implementation_opens_it():
    """Written again here, so that a change of the format cannot pass unseen."""
    plain = content(CHUNK + 100)
    stored = sealed(plain)
    header = stored[:36]
    assert header.startswith(MAGIC)
    info = b"".join(len(p).to_bytes(4, "big") + p for p in (b"callcrm/1/file", *(p.encode() for p in PLACE)))
    key = HKDF(KEY, 32, header[4:], SHA256, context=info)
    found = b""
    for number, chunk in enumerate([stored[36 : 36 + STEP], stored[36 + STEP :]]):
        cipher = AES.new(key, AES.MODE_GCM, nonce=number.to_bytes(11, "big") + bytes([number == 1]))
        cipher.update(header)
        found += cipher.decrypt_and_verify(chunk[:-TAG], chunk[-TAG:])
    assert found == plain


def test_a_long_file_is_sealed_in_little_memory():
    tracemalloc.start()
    try:
        total = sum(map(len, seal((bytes(CHUNK) for _ in range(1600)), key=KEY, context=PLACE)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == sealed_size(100 * 2**20)
    assert most < 2**20
    assert chunks.CHUNK * 1600 == 100 * 2**20
