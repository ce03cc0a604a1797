"""What is sealed opens in its own place and nowhere else, and a second implementation agrees."""

import os

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from hypothesis import given
from hypothesis import strategies as st

from callcrm.lib.crypto import envelope
from callcrm.lib.crypto.envelope import DecryptError, seal, unseal, unwrap, wrap

KEY = bytes(range(32))
BUSINESS, ROW = "0192f3c4-0000-7000-8000-000000000001", "0192f3c4-0000-7000-8000-00000000000a"
PLACE = (BUSINESS, "leads.Lead", "name", ROW)


def associated(*parts: bytes) -> bytes:
    """Written again here, so that a change of the format cannot pass unseen."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@given(st.binary(max_size=2000), st.sampled_from([1, 7, 32, 256]), st.integers(1, 0xFFFF))
def test_what_is_sealed_opens_again(plaintext, pad, version):
    sealed = seal(KEY, plaintext, context=PLACE, version=version, pad=pad)
    assert unseal(KEY, sealed, context=PLACE) == plaintext
    assert envelope.version_of(sealed) == version


@given(st.binary(max_size=300))
def test_the_length_shows_only_in_steps_of_the_padding(plaintext):
    sealed = seal(KEY, plaintext, context=PLACE, pad=32)
    assert len(sealed) == 32 + -(-(len(plaintext) + 2) // 32) * 32


@pytest.mark.parametrize("size", [0, 65_535])
def test_the_shortest_and_the_longest_value_fit(size):
    assert unseal(KEY, seal(KEY, b"x" * size, context=PLACE), context=PLACE) == b"x" * size


def test_what_is_too_long_is_refused_without_repeating_it():
    with pytest.raises(ValueError, match="65535") as refused:
        seal(KEY, b"Ada" * 30_000, context=PLACE)
    assert "Ada" not in str(refused.value)


def test_every_flipped_bit_is_noticed():
    sealed = seal(KEY, b"Ada Example", context=PLACE, version=3)
    for position in range(len(sealed)):
        for bit in range(8):
            altered = bytearray(sealed)
            altered[position] ^= 1 << bit
            with pytest.raises(DecryptError):
                unseal(KEY, bytes(altered), context=PLACE)


def test_every_truncation_and_extension_is_noticed():
    sealed = seal(KEY, b"Ada Example", context=PLACE)
    for changed in [sealed[:n] for n in range(len(sealed))] + [sealed + b"\0", b"\0" + sealed]:
        with pytest.raises(DecryptError):
            unseal(KEY, changed, context=PLACE)


@pytest.mark.parametrize("part", range(4))
def test_a_value_opens_in_no_other_business_model_field_or_row(part):
    elsewhere = [*PLACE]
    elsewhere[part] += "x"
    with pytest.raises(DecryptError):
        unseal(KEY, seal(KEY, b"Ada", context=PLACE), context=elsewhere)


def test_a_value_opens_under_no_other_key():
    with pytest.raises(DecryptError):
        unseal(bytes(32), seal(KEY, b"Ada", context=PLACE), context=PLACE)


def test_parts_of_a_place_cannot_be_shifted_into_each_other():
    with pytest.raises(DecryptError):
        unseal(KEY, seal(KEY, b"Ada", context=("ab", "c")), context=("a", "bc"))
    with pytest.raises(DecryptError):
        unseal(KEY, seal(KEY, b"Ada", context=("ab", "c")), context=("ab", "c", ""))


@pytest.mark.parametrize("header", ["00010001", "02010001", "01000001", "01020001", "01010000"])
def test_an_unknown_format_suite_or_version_is_refused_even_when_the_tag_is_right(header):
    nonce, head = bytes(12), bytes.fromhex(header)
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=nonce)
    cipher.update(associated(b"callcrm/1", *(part.encode() for part in PLACE), head))
    body, tag = cipher.encrypt_and_digest(bytes(32))
    with pytest.raises(DecryptError):
        unseal(KEY, head + nonce + body + tag, context=PLACE)


@pytest.mark.parametrize(
    "body", [b"\x00\x1f" + bytes(30), b"\xff\xff" + bytes(30), b"\x00\x01ab" + bytes(28)]
)
def test_a_length_that_disagrees_with_the_content_is_refused(body):
    nonce, head = bytes(12), bytes.fromhex("01010001")
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=nonce)
    cipher.update(associated(b"callcrm/1", *(part.encode() for part in PLACE), head))
    ciphertext, tag = cipher.encrypt_and_digest(body)
    with pytest.raises(DecryptError):
        unseal(KEY, head + nonce + ciphertext + tag, context=PLACE)


@given(st.binary(max_size=200), st.integers(1, 0xFFFF), st.sampled_from([32, 256]))
def test_another_implementation_opens_what_we_seal(plaintext, version, pad):
    sealed = seal(KEY, plaintext, context=PLACE, version=version, pad=pad)
    assert sealed[:4] == b"\x01\x01" + version.to_bytes(2, "big")
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=sealed[4:16])
    cipher.update(associated(b"callcrm/1", *(part.encode() for part in PLACE), sealed[:4]))
    body = cipher.decrypt_and_verify(sealed[16:-16], sealed[-16:])
    assert body == (len(plaintext).to_bytes(2, "big") + plaintext).ljust(len(body), b"\0")
    assert len(body) % pad == 0


@given(st.binary(max_size=200), st.integers(1, 0xFFFF), st.binary(min_size=12, max_size=12))
def test_we_open_what_another_implementation_seals(plaintext, version, nonce):
    head = b"\x01\x01" + version.to_bytes(2, "big")
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=nonce)
    cipher.update(associated(b"callcrm/1", *(part.encode() for part in PLACE), head))
    body, tag = cipher.encrypt_and_digest(len(plaintext).to_bytes(2, "big") + plaintext + bytes(5))
    assert unseal(KEY, head + nonce + body + tag, context=PLACE) == plaintext


def test_a_hundred_thousand_nonces_differ():
    assert len({seal(KEY, b"", context=())[4:16] for _ in range(100_000)}) == 100_000


def test_a_wrapped_key_has_sixty_bytes_and_opens_in_its_place():
    key = os.urandom(32)
    wrapped = wrap(KEY, key, context=(BUSINESS, "1"))
    assert len(wrapped) == 60
    assert unwrap(KEY, wrapped, context=(BUSINESS, "1")) == key


def test_a_wrapped_key_opens_nowhere_else():
    wrapped = wrap(KEY, os.urandom(32), context=(BUSINESS, "1"))
    for kek, context in ((bytes(32), (BUSINESS, "1")), (KEY, (BUSINESS, "2")), (KEY, (ROW, "1"))):
        with pytest.raises(DecryptError):
            unwrap(kek, wrapped, context=context)


def test_every_changed_byte_of_a_wrapped_key_is_noticed():
    wrapped = wrap(KEY, os.urandom(32), context=())
    for changed in [wrapped[:i] + bytes([wrapped[i] ^ 1]) + wrapped[i + 1 :] for i in range(60)]:
        with pytest.raises(DecryptError):
            unwrap(KEY, changed, context=())
    for changed in (wrapped[:-1], wrapped + b"\0", b""):
        with pytest.raises(DecryptError):
            unwrap(KEY, changed, context=())


def test_a_shorter_key_is_not_unwrapped_even_when_the_tag_is_right():
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=bytes(12))
    cipher.update(associated(b"callcrm/1/key", b"x"))
    body, tag = cipher.encrypt_and_digest(bytes(16))
    with pytest.raises(DecryptError):
        unwrap(KEY, bytes(12) + body + tag, context=("x",))


def test_a_sealed_value_is_no_wrapped_key_and_the_other_way_round():
    body = wrap(KEY, bytes(30) + b"\0\0", context=PLACE)
    with pytest.raises(DecryptError):
        unseal(KEY, bytes.fromhex("01010001") + body, context=PLACE)
    sealed = seal(KEY, bytes(30), context=PLACE, pad=32)
    with pytest.raises(DecryptError):
        unwrap(KEY, sealed[4:], context=PLACE)


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_only_keys_of_256_bits_are_used(size):
    for use in (
        lambda key: seal(key, b"", context=()),
        lambda key: wrap(key, KEY, context=()),
        lambda key: wrap(KEY, key, context=()),
        lambda key: envelope.derive(key, "purpose"),
    ):
        with pytest.raises(ValueError, match="32 bytes"):
            use(bytes(size))


@pytest.mark.parametrize("version", [0, -1, 65_536])
def test_a_version_that_does_not_fit_is_refused(version):
    with pytest.raises(ValueError, match="version"):
        seal(KEY, b"", context=(), version=version)


@given(st.text(max_size=40))
def test_derived_keys_are_hkdf_of_rfc_5869(info):
    info = info.encode("utf-8", "replace").decode()
    assert envelope.derive(KEY, info) == HKDF(KEY, 32, b"", SHA256, context=info.encode())


def test_an_error_carries_no_data():
    sealed = seal(KEY, b"Ada", context=PLACE)
    with pytest.raises(DecryptError) as failed:
        unseal(bytes(32), sealed, context=PLACE)
    assert str(failed.value) == "wrong key, wrong place or altered data"
    assert failed.value.__suppress_context__


def test_prepared_ciphers_can_be_forgotten():
    seal(KEY, b"", context=())
    assert envelope._cipher.cache_info().currsize > 0
    envelope.forget_ciphers()
    assert envelope._cipher.cache_info().currsize == 0


# Test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which NIST took over:
# the cipher below us is the one that is meant.
_CASES = [
    ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
    (
        "feffe9928665731c6d6a8f9467308308" * 2,
        "cafebabefacedbaddecaf888",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
        "b16aedf5aa0de657ba637b39",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "plain", "associated_data", "expected"), _CASES)
def test_the_cipher_is_aes_256_gcm(key, nonce, plain, associated_data, expected):
    parts = [bytes.fromhex(part) for part in (nonce, plain, associated_data)]
    assert envelope._cipher(bytes.fromhex(key)).encrypt(*parts).hex().startswith(expected)
