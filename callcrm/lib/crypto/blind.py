"""Search tokens: keyed, shortened hashes that find a sealed value without telling it.

    token = the first `bits` of HMAC-SHA256(key of the business and kind, length + normalised text)

A token only proposes rows: short ones collide on purpose, so every candidate is compared again after
decryption (`Query.matches`). Never a false negative: both sides normalise with the same functions here. Equal
values of one business have equal tokens, which is what leaks; between businesses and kinds nothing compares.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from callcrm.lib import phones
from callcrm.lib.crypto.envelope import derive
from callcrm.lib.masking import without_marks


class Kind(IntEnum):
    """What a token is of; the number is stored."""

    PHONE_EXACT = 1
    PHONE_LAST7 = 2
    PHONE_LAST4 = 3
    EMAIL_EXACT = 4
    NAME_WORD = 5
    NAME_PREFIX_3 = 13
    NAME_PREFIX_4 = 14
    NAME_PREFIX_5 = 15
    NAME_PREFIX_6 = 16
    NAME_PREFIX_7 = 17
    NAME_PREFIX_8 = 18


class _Recipe(NamedTuple):
    purpose: str
    bits: int


# Few bits where many values must share a token, so that a stolen table says little. The exact number has 128:
# a unique constraint rests on it, and no two numbers of a business may ever collide.
_RECIPES = {
    Kind.PHONE_EXACT: _Recipe("lead.phone|exact", 128),
    Kind.PHONE_LAST7: _Recipe("lead.phone|last7", 15),
    Kind.PHONE_LAST4: _Recipe("lead.phone|last4", 13),
    Kind.EMAIL_EXACT: _Recipe("lead.email|exact", 64),
    Kind.NAME_WORD: _Recipe("lead.name|word", 32),
    Kind.NAME_PREFIX_3: _Recipe("lead.name|prefix3", 14),
    Kind.NAME_PREFIX_4: _Recipe("lead.name|prefix4", 15),
    Kind.NAME_PREFIX_5: _Recipe("lead.name|prefix5", 16),
    Kind.NAME_PREFIX_6: _Recipe("lead.name|prefix6", 16),
    Kind.NAME_PREFIX_7: _Recipe("lead.name|prefix7", 16),
    Kind.NAME_PREFIX_8: _Recipe("lead.name|prefix8", 16),
}
_SHORTEST_PREFIX, _LONGEST_PREFIX = 3, 8
_MOST_TERMS = 6  # each term is a join; what is typed beyond is still compared after decryption


class Token(NamedTuple):
    kind: Kind
    token: bytes


class BlindIndex:
    """The tokens of one business, under its index key."""

    def __init__(self, index_key: bytes) -> None:
        self._root = index_key
        self._keys: dict[Kind, bytes] = {}

    def phone_exact(self, e164: str) -> Token:
        return self._token(Kind.PHONE_EXACT, _required(e164))

    def phone_last(self, e164: str, n: int) -> Token:
        kind = {7: Kind.PHONE_LAST7, 4: Kind.PHONE_LAST4}[n]
        return self._token(kind, _required(e164)[-n:])

    def phone(self, e164: str) -> list[Token]:
        """All that is stored of one number."""
        return [self.phone_exact(e164), self.phone_last(e164, 7), self.phone_last(e164, 4)]

    def email_exact(self, address: str) -> Token:
        return self._token(Kind.EMAIL_EXACT, email_key(address))

    def name_words(self, name: str) -> list[Token]:
        return [self._token(Kind.NAME_WORD, word) for word in words_of(name)]

    def name_prefixes(self, name: str) -> list[Token]:
        starts = {word[:n] for word in words_of(name) for n in _prefix_lengths(word)}
        return [self._prefix(start) for start in sorted(starts)]

    def query_tokens(self, text: str, region: str = "US") -> "Query":
        """What a person typed into the search box, as tokens to look up and conditions to check."""
        text = text.strip()
        if re.fullmatch(r"[+\d\s().\-/]+", text):
            return Query(self._phone_terms(text, region))
        terms = [term for part in text.split() for term in self._terms(part)]
        if any(len(term.wanted) > 1 for term in terms):  # "Elias S.", as pages mask him: it begins some word
            terms = [Term((), "word_start", term.wanted) if len(term.wanted) == 1 else term for term in terms]
        return Query(tuple(dict.fromkeys(terms)))

    def _terms(self, part: str) -> list["Term"]:
        if "@" in part:
            return [Term((self.email_exact(part),), "email", email_key(part))]
        return [self._name_term(word) for word in words_of(part)]

    def _phone_terms(self, text: str, region: str) -> tuple["Term", ...]:
        """A whole number, else its last digits: at least the four that people remember."""
        e164 = phones.normalise(text, region)
        if e164:
            return (Term((self.phone_exact(e164),), "phone", e164),)
        digits = "".join(str(int(sign)) for sign in text if sign.isdecimal())
        if not 4 <= len(digits) <= 15:
            return ()
        kind, n = (Kind.PHONE_LAST7, 7) if len(digits) >= 7 else (Kind.PHONE_LAST4, 4)
        return (Term((self._token(kind, digits[-n:]),), "phone_end", digits),)

    def _name_term(self, word: str) -> "Term":
        whole = self._token(Kind.NAME_WORD, word)
        if len(word) < _SHORTEST_PREFIX:
            return Term((whole,), "word", word)
        return Term((whole, self._prefix(word[:_LONGEST_PREFIX])), "word_start", word)

    def _prefix(self, start: str) -> Token:
        return self._token(Kind(Kind.NAME_PREFIX_3 + len(start) - _SHORTEST_PREFIX), start)

    def _token(self, kind: Kind, normalised: str) -> Token:
        text = normalised.encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key(kind), len(text).to_bytes(4, "big") + text, "sha256")
        return Token(kind, _first_bits(digest, _RECIPES[kind].bits))

    def _key(self, kind: Kind) -> bytes:
        if kind not in self._keys:
            self._keys[kind] = derive(self._root, f"callcrm/bi/v1|{_RECIPES[kind].purpose}")
        return self._keys[kind]


@dataclass(frozen=True)
class Term:
    """One thing that was asked: any of `tokens` proposes a row, `test` with `wanted` decides.

    A term without tokens proposes none and decides all the same.
    """

    tokens: tuple[Token, ...]
    test: str
    wanted: str

    def __repr__(self) -> str:
        return f"<Term {self.test}>"  # `wanted` is what a person typed about another person


@dataclass(frozen=True)
class Query:
    """All terms must hold. Empty when nothing searchable was typed: then it finds nothing."""

    terms: tuple[Term, ...]

    def __bool__(self) -> bool:
        return any(term.tokens for term in self.terms)

    @property
    def groups(self) -> list[list[Token]]:
        """AND of ORs: a row is a candidate when it has a token of every group. The longest six count."""
        longest = sorted(self.terms, key=lambda term: len(term.wanted), reverse=True)
        return [list(term.tokens) for term in longest[:_MOST_TERMS] if term.tokens]

    def matches(self, phones: Iterable[str], email: str | None, name: str | None) -> bool:
        """Whether the decrypted values hold what was asked."""
        values = {"phone": list(phones), "email": [email_key(email or "")], "name": words_of(name or "")}
        return bool(self) and all(_TESTS[term.test](values, term.wanted) for term in self.terms)


_Values = dict[str, list[str]]
_TESTS: dict[str, Callable[[_Values, str], bool]] = {
    "phone": lambda values, wanted: wanted in values["phone"],
    "phone_end": lambda values, wanted: any(number.endswith(wanted) for number in values["phone"]),
    "email": lambda values, wanted: wanted in values["email"],
    "word": lambda values, wanted: wanted in values["name"],
    "word_start": lambda values, wanted: any(word.startswith(wanted) for word in values["name"]),
}


def email_key(address: str) -> str:
    """One spelling per mailbox: NFKC, trimmed, casefolded, the domain in ASCII. No dot or plus tricks."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).strip().casefold())
    local, at, domain = folded.rpartition("@")
    return f"{local}{at}{_ascii_domain(domain)}"


def words_of(name: str) -> list[str]:
    """`Zoë O'Brien` → zoe, o, brien: without marks, casefolded, split at what is no letter or digit."""
    folded = without_marks(without_marks(name).casefold())
    return list(dict.fromkeys(re.findall(r"[^\W_]+", folded)))


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _prefix_lengths(word: str) -> range:
    return range(_SHORTEST_PREFIX, min(len(word), _LONGEST_PREFIX) + 1)


def _first_bits(digest: bytes, bits: int) -> bytes:
    """Whole bytes, the unused low bits of the last one zero."""
    size = -(-bits // 8)
    unused = 8 * size - bits
    return (int.from_bytes(digest[:size], "big") >> unused << unused).to_bytes(size, "big")


def _required(e164: str) -> str:
    if not phones.is_e164(e164):
        raise ValueError("only an E.164 number has tokens; see callcrm.lib.phones.normalise")
    return e164
