"""One spelling inside, any spelling outside, and no input that raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS

from callcrm.lib import phones


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+12125550147", "US"),
        ("(212) 555-0147", "US"),
        ("212.555.0147", "CA"),
        ("1 212 555 0147", "US"),
        ("tel:+1-212-555-0147", "GB"),
        ("٢١٢٥٥٥٠١٤٧", "US"),
        ("２１２５５５０１４７", "US"),
        ("+1 212 555 0147 ext. 12", "DE"),
        ("001 212 555 0147", "GB"),
    ],
)
def test_every_spelling_of_a_number_becomes_one(text, region):
    assert phones.normalise(text, region) == "+12125550147"


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "+", "0", "911", "72645", "555-0147", "anonymous", "Restricted", "+1", "+1212555014",
        "+121255501471", "+999123456789", "0" * 5000, "+1" + "2" * 5000, "2" * 65, "\x00", "212555\x000147",
        "\ud800", "+" * 100, "(" * 200, "sip:ada@example.com", "²¹²⁵⁵⁵⁰¹⁴⁷",
        "212" + " " * 70 + "5550147",
    ],
)  # fmt: skip
def test_what_is_no_possible_number_is_none(text):
    assert phones.normalise(text) is None


@given(
    st.one_of(st.text(st.characters(), max_size=100), st.text("+0123456789()-. ext;=\x00\ud800", max_size=80))
)
def test_no_text_raises_and_what_comes_out_is_e164_and_stays(text):
    number = phones.normalise(text)
    assert number is None or (phones.is_e164(number) and phones.normalise(number, "DE") == number)
    assert isinstance(phones.pretty(text), str)
    assert len(phones.country(text) or "") <= 3
    assert isinstance(phones.calling_code(text), str)


def test_what_somebody_types_is_read_in_any_spelling():
    assert phones.typed("(212) 555-0147", "US") == "+12125550147"


@pytest.mark.parametrize("text", ["212 555 0147 x 9", "+1 212 555 0147 ext. 12", "+12125550147;ext=3"])
def test_who_types_an_extension_is_told_that_it_would_be_lost(text):
    with pytest.raises(ValueError, match="Leave out the extension"):
        phones.typed(text, "US")


@pytest.mark.parametrize("text", ["", "Ada", "555-0147", "\ud800"])
def test_who_types_no_number_is_told_how_one_is_written(text):
    with pytest.raises(ValueError, match=r"like \+1555"):
        phones.typed(text, "US")


@pytest.mark.parametrize("region", ["", "XX", "us", "USA", "\x00"])
def test_a_region_that_is_none_does_not_raise(region):
    assert phones.normalise("+12125550147", region) == "+12125550147"
    assert phones.normalise("2125550147", region) is None


@pytest.mark.parametrize("text", ["+12125550147", "+4712345678", "+1234567", "+123456789012345"])
def test_e164(text):
    assert phones.is_e164(text)


@pytest.mark.parametrize(
    "text",
    [None, "", "12125550147", "+02125550147", "+123456", "+1234567890123456", "+1212555014٧",
     "+12125550147\n", " +12125550147"],
)  # fmt: skip
def test_not_e164(text):
    assert not phones.is_e164(text)


def test_numbers_are_spelled_for_people():
    assert phones.pretty("+12125550147") == "+1 212-555-0147"
    assert phones.pretty("+442079460958") == "+44 20 7946 0958"
    assert phones.pretty("72645") == "72645"


@pytest.mark.parametrize(
    ("e164", "country"),
    [
        ("+12125550147", "US"),
        ("+14165550147", "CA"),
        ("+442079460958", "GB"),
        ("+15551234567", "US"),
        ("72645", None),
    ],
)
def test_the_country_of_a_number(e164, country):
    assert phones.country(e164) == country


@pytest.mark.parametrize(
    ("e164", "code"), [("+12125550147", "1"), ("+442079460958", "44"), ("+35312345678", "353"), ("+9991", "")]
)
def test_the_calling_code_of_a_number(e164, code):
    assert phones.calling_code(e164) == code


def test_countries_are_chosen_by_their_names():
    named = dict(phones.countries())
    assert (named["US"], named["DE"], named["CH"]) == ("United States", "Germany", "Switzerland")
    assert set(named) == set(SUPPORTED_REGIONS)
    assert next(iter(named)) == "AF"
