"""Masks tell enough to recognise a person and too little to reach him."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcrm.lib.masking import mask_email, mask_name, mask_phone, redact

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("number", "mask"),
    [
        ("+15551234567", "+1(555)***-**67"),
        ("+12125550147", "+1(212)***-**47"),
        ("+442079460958", "+44*******58"),
        ("+35312345678", "+353*******78"),
        ("+12345678", "+1*******78"),
        ("72645", "***"),
        ("+1", "***"),
        ("2125550147", "***"),
        ("anonymous", "***"),
        ("", ""),
        (None, ""),
    ],
)
def test_phones(number, mask):
    assert mask_phone(number) == mask


def test_the_mask_of_a_phone_does_not_tell_how_long_it_is():
    assert len({len(mask_phone("+44" + "1" * n)) for n in range(6, 13)}) == 1


@pytest.mark.parametrize(
    ("address", "mask"),
    [
        ("john.doe@example.com", "jo***@example.com"),
        ("ann@example.com", "an***@example.com"),
        ("jo@example.com", "j***@example.com"),
        ("j@example.com", "j***@example.com"),
        (" john@example.com ", "jo***@example.com"),
        ("@example.com", "***@example.com"),
        ('"a@b"@example.com', '"a***@example.com'),
        ("no address", "***"),
        ("", ""),
        (None, ""),
    ],
)
def test_emails(address, mask):
    assert mask_email(address) == mask


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("John Smith", "John S."),
        ("Madonna", "Madonna"),
        ("Anna Maria Lopez", "Anna L."),
        ("  John   Smith  ", "John S."),
        ("Zoë É́lan", "Zoë É."),
        ("John (Smith)", "John S."),
        ("Unit 24", "Unit 24"),
        ("(212) 555-0147", "+1(212)***-**47"),
        ("Ada 212-555-0147", "Ada +1(212)***-**47"),
        ("ada@example.com", "ad***@example.com"),
        ("李 小龍", "李 小."),
        ("", ""),
        ("   ", ""),
        (None, ""),
    ],
)
def test_names(name, mask):
    assert mask_name(name) == mask


@given(ANY_TEXT)
def test_no_text_raises(text):
    for mask in (mask_phone, mask_email, mask_name, redact):
        assert isinstance(mask(text), str)
    redact(text, [text, text[:3]])


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_no_mask_of_a_phone_shows_more_than_area_and_two_digits(number):
    shown = sum(sign.isdigit() for sign in mask_phone(number))
    assert shown <= 6
    assert "*" in mask_phone(number)


HIDDEN = [
    ("call (212) 555-0147 now", "call +1(212)***-**47 now"),
    ("212.555.0147", "+1(212)***-**47"),
    ("212:555:0147", "+1(212)***-**47"),
    ("212, 555, 0147", "+1(212)***-**47"),
    ("2 1 2 5 5 5 0 1 4 7", "+1(212)***-**47"),
    ("2\u200b125550147", "+1(212)***-**47"),
    ("٢١٢٥٥٥٠١٤٧", "+1(212)***-**47"),
    ("+44 20 7946 0958", "+44*******58"),
    ("at home 555-0147", "at home ***"),
    ("+4915", "***"),
    ("0049 30 1234567", "***"),
    ("tel 4821", "tel ***"),
    ("the last four digits are 0147", "the last four digits are ***"),
    ("ending in 4242", "ending in ***"),
    ("phone number 212-555-0147", "phone number +1(212)***-**47"),
    ("phone 2125 550147", "phone +1(212)***-**47"),
    ("card 4111 1111 1111 1111", "card [card]"),
    ("378282246310005", "[card]"),
    ("4111-1111-1111-1112", "***"),
    ("4111 1111 1111 1111 12/27 123", "***"),
    ("cvv 123, CVC: 1234, security code is 999", "cvv ***, CVC: ***, security code is ***"),
    ("write to john.doe@example.com.", "write to jo***@example.com."),
    ("from=ada+x@example.com;", "from=ad***@example.com;"),
    ("12-05-2026-1234", "***"),
    ("$555.555.0147", "$+1(555)***-**47"),
    ("5551234 dollars", "*** dollars"),
    ("2026-11-20 2125550147", "2026-11-20 +1(212)***-**47"),
    ("10:30 2125550147", "10:30 +1(212)***-**47"),
]


@pytest.mark.parametrize(("text", "shown"), HIDDEN)
def test_numbers_and_addresses_in_a_text_are_hidden(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "at 10:30 or 14:05:59, not 9:00",
        "on 2026-11-20 10:30, 20.11.2026, 11/20/2026 or 20/11/26",
        "Nov 20, 2026 10:30 and 20 November 2026 10:30",
        "since 2026",
        "order 482134 10:30",
        "$1,250.00, €12.500,00, £ 99.99, 1200 EUR, 250000 USD and 12.5%",
        "1,234,567 visitors",
        "room 12, order 48213, 24/7, 9/11, 100-200 units",
        "1. one\n2. two\n3. three\n4. four\n5. five\n6. six\n7. seven",
        "no digits at all",
        "",
    ],
)
def test_times_dates_prices_and_short_numbers_stay(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "names", "shown"),
    [
        ("John said JOHN's wife", ["John"], "J. said J.'s wife"),
        ("Ask Zoë or Zoe", ["Zoë"], "Ask Z. or Z."),
        ("Ask Zoe\u0308", ["Zo\u00eb"], "Ask Z."),
        ("Mr O’Brien", ["Pat O'Brien"], "Mr O."),
        ("Johnny and Johnson", ["John"], "Johnny and Johnson"),
        ("John Smith", ["John Smith"], "J. S."),
        ("a b c", ["a", "", "  "], "a b c"),
        ("$1 (a|b)", ["(a|b)"], "$1 a."),
        ("ada@example.com is Ada", ["Ada"], "ad***@example.com is A."),
    ],
)
def test_given_names_become_initials(text, names, shown):
    assert redact(text, names) == shown


@given(
    st.integers(2, 9),
    st.integers(0, 9_999_999),
    st.text(" -.()/", min_size=0, max_size=3),
    st.text("ab ,;!", max_size=5),
)
def test_a_number_between_words_never_stays(lead, rest, gap, word):
    digits = f"{lead}12{rest:07}"
    text = f"{word}x {digits[:3]}{gap}{digits[3:6]}{gap}{digits[6:]} y{word}"
    kept = "".join(sign for sign in redact(text) if sign.isdigit())
    assert len(kept) <= 6


HOSTILE = [
    "a", "1", "1 ", "a@", "1:", "1,", "1-", "(", "$1", "tel ", "last 4 ", "\u0301", "jan ", "2026-", ".+",
    "12/", "123,", "+", "phone   ", "@", "1\u200b", "20/11/26", "$1,250.00 ", "a.b@c ", "\u0345", "ﷺ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_grows_no_faster_than_the_text(piece):
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        began = time.process_time()
        redact(text, ["Ada", "Bea"])
        return time.process_time() - began

    seconds(1000)
    assert min(seconds(100_000) for _ in range(2)) < 1
