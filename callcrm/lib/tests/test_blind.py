"""Tokens propose every row that matches, tell little, and what is typed becomes the right question."""

import hashlib
import hmac

import pytest
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from hypothesis import given
from hypothesis import strategies as st

from callcrm.lib.crypto.blind import BlindIndex, Kind, Query, email_key, words_of

ROOT = bytes(range(32))
INDEX = BlindIndex(ROOT)
PHONE, EMAIL, NAME = "+12125550147", "ada@example.com", "Ada Zoë O'Brien-Christopherson"
ANY_NAME = st.text(st.characters(), max_size=40)
E164 = st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z")


def tokens_of(phone: str = PHONE, email: str = EMAIL, name: str = NAME) -> set[tuple[Kind, bytes]]:
    return {
        *INDEX.phone(phone), INDEX.email_exact(email), *INDEX.name_words(name), *INDEX.name_prefixes(name)
    }  # fmt: skip


def finds(query: Query, stored: set[tuple[Kind, bytes]]) -> bool:
    return bool(query) and all(any(token in stored for token in group) for group in query.groups)


BITS = {1: 128, 2: 15, 3: 13, 4: 64, 5: 32, 13: 14, 14: 15, 15: 16, 16: 16, 17: 16, 18: 16}


def test_every_kind_keeps_as_many_bits_as_the_design_says():
    found = dict(tokens_of())
    assert {int(kind): len(token) for kind, token in found.items()} == {
        kind: -(-bits // 8) for kind, bits in BITS.items()
    }
    for kind, bits in BITS.items():
        many = {BlindIndex(bytes([n]) * 32)._token(Kind(kind), "x").token for n in range(64)}
        union = 0
        for token in many:
            union |= int.from_bytes(token, "big") << (-len(token) * 8 % 8)
        assert union == ((1 << bits) - 1) << (-bits % 8)


def test_a_token_is_an_hmac_under_a_key_of_its_own_kind():
    key = HKDF(ROOT, 32, b"", SHA256, context=b"callcrm/bi/v1|lead.phone|exact")
    text = PHONE.encode()
    digest = hmac.new(key, len(text).to_bytes(4, "big") + text, hashlib.sha256).digest()
    assert INDEX.phone_exact(PHONE) == (Kind.PHONE_EXACT, digest[:16])


def test_kinds_and_businesses_do_not_compare():
    same = [
        INDEX._token(kind, "smith").token
        for kind in (Kind.NAME_PREFIX_5, Kind.NAME_PREFIX_6, Kind.NAME_PREFIX_7)
    ]
    assert len(set(same)) == 3
    assert BlindIndex(bytes(32)).phone_exact(PHONE) != INDEX.phone_exact(PHONE)


def test_kinds_are_stored_by_number():
    assert [int(kind) for kind in Kind] == [1, 2, 3, 4, 5, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize("number", ["", "2125550147", "72645", "+1 212 555 0147", "+12125550147 "])
def test_only_a_normalised_number_has_tokens(number):
    for ask in (INDEX.phone_exact, INDEX.phone, lambda e164: INDEX.phone_last(e164, 4)):
        with pytest.raises(ValueError, match=r"E\.164") as refused:
            ask(number)
        assert not number or number not in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", " ada@example.com\n"),
        ("ada@münchen.example", "ada@xn--mnchen-3ya.example"),
        ("ａｄａ@example.com", "ada@example.com"),
        ("STRASSE@example.com", "straße@example.com"),
    ],
)
def test_spellings_of_one_mailbox_are_one(one, other):
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a.da@example.com", "ada@example.com"), ("ada+x@example.com", "ada@example.com")]
)
def test_dots_and_plus_signs_are_not_taken_away(one, other):
    assert email_key(one) != email_key(other)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Zoë O'Brien", ["zoe", "o", "brien"]),
        ("MÜLLER-Straße", ["muller", "strasse"]),
        ("İstanbul", ["istanbul"]),
        ("Ada ada ADA", ["ada"]),
        ("ﬁsher Ⅳ", ["fisher", "iv"]),
        ("李小龍", ["李小龍"]),
        ("a_b 3rd", ["a", "b", "3rd"]),
        ("  --  ", []),
        ("\ud800", []),
    ],
)
def test_words_of_a_name(name, words):
    assert words_of(name) == words


def test_prefixes_have_three_to_eight_letters():
    kinds = [token.kind for token in INDEX.name_prefixes("Christopher Al Bob")]
    assert sorted(kinds) == [13, 13, 14, 15, 16, 17, 18]


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("0147", [[Kind.PHONE_LAST4]]),
        ("55-0147", [[Kind.PHONE_LAST4]]),
        ("555-0147", [[Kind.PHONE_LAST7]]),
        ("12 555 0147", [[Kind.PHONE_LAST7]]),
        ("(212) 555-0147", [[Kind.PHONE_EXACT]]),
        ("+12125550147", [[Kind.PHONE_EXACT]]),
        ("٠١٤٧", [[Kind.PHONE_LAST4]]),
        (" ADA@example.com ", [[Kind.EMAIL_EXACT]]),
        ("al", [[Kind.NAME_WORD]]),
        ("chr", [[Kind.NAME_WORD, Kind.NAME_PREFIX_3]]),
        ("Christopherson", [[Kind.NAME_WORD, Kind.NAME_PREFIX_8]]),
        ("ada zoe", [[Kind.NAME_WORD, Kind.NAME_PREFIX_3]] * 2),
        ("zoe ada@example.com", [[Kind.EMAIL_EXACT], [Kind.NAME_WORD, Kind.NAME_PREFIX_3]]),
        ("ada ada", [[Kind.NAME_WORD, Kind.NAME_PREFIX_3]]),
    ],
)
def test_what_is_typed_becomes_these_tokens(typed, kinds):
    query = INDEX.query_tokens(typed)
    assert [[token.kind for token in group] for group in query.groups] == kinds


@pytest.mark.parametrize("typed", ["", "  ", "147", "1", "-- ()", "...", "+", "1" * 5000, "\ud800", "\x00"])
def test_what_cannot_be_searched_finds_nothing(typed):
    query = INDEX.query_tokens(typed)
    assert not query
    assert query.groups == []
    assert not query.matches([PHONE], EMAIL, NAME)


@pytest.mark.parametrize(
    "typed",
    ["0147", "50147", "5550147", "25550147", "2125550147", "ada", "ADA", "zoe o", "brien", "chris",
     "christopherso", "christopherson ada", "ada@example.com", "ada ADA@EXAMPLE.COM"],
)  # fmt: skip
def test_a_lead_is_found_and_confirmed(typed):
    query = INDEX.query_tokens(typed)
    assert finds(query, tokens_of())
    assert query.matches([PHONE], EMAIL, NAME)


@pytest.mark.parametrize(
    "typed",
    ["0148", "60147", "4550147", "2125550148", "bea", "ad", "christophersonx", "ada bea", "da",
     "b@example.com", "ada@example.co", "ada eve@example.com"],
)  # fmt: skip
def test_a_candidate_that_only_shares_tokens_is_not_confirmed(typed):
    assert not INDEX.query_tokens(typed).matches([PHONE], EMAIL, NAME)


def test_missing_values_match_nothing():
    for typed in ("0147", "ada", "ada@example.com"):
        assert not INDEX.query_tokens(typed).matches([], None, None)


def test_a_long_question_joins_six_times_at_most_and_still_checks_all():
    query = INDEX.query_tokens("aa bb cc dd ee ff gg hhh")
    assert len(query.groups) == 6
    assert query.matches([], None, "aa bb cc dd ee ff gg hhh")
    assert not query.matches([], None, "bb cc dd ee ff gg hhh")


@given(ANY_NAME, st.data())
def test_no_word_or_beginning_of_a_name_is_missed(name, data):
    stored = tokens_of(name=name)
    for word in words_of(name):
        typed = word[: data.draw(st.integers(3, 20))]
        query = INDEX.query_tokens(typed)
        if any(term.test.startswith("word") for term in query.terms):
            assert finds(query, stored)
            assert query.matches([], None, name)


@given(E164, st.sampled_from([4, 5, 6, 7]))
def test_no_number_is_missed_by_its_end(number, n):
    query = INDEX.query_tokens(number[-n:], region="ZZ")
    assert finds(query, tokens_of(phone=number))
    assert query.matches([number], None, None)


@given(ANY_NAME)
def test_a_mailbox_is_found_however_it_is_typed_and_no_text_raises(text):
    assert email_key(email_key(text)) == email_key(text)
    query = INDEX.query_tokens(text)
    query.matches([PHONE], text, text)
    INDEX.email_exact(text)
    INDEX.name_prefixes(text)


def test_a_question_does_not_print_what_was_typed():
    query = INDEX.query_tokens("ada 0147 eve@example.com")
    assert not any(part in repr(query) for part in ("ada", "0147", "eve"))
