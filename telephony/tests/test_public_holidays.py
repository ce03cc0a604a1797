"""The public holidays that a business is offered."""

from datetime import date

from callcrm.lib import phones
from telephony.hours import public_holidays


def test_the_public_holidays_of_the_next_twelve_months_come_in_english():
    found = public_holidays.ahead("DE", date(2026, 11, 21))
    assert found[date(2026, 12, 25)] == "Christmas Day"
    assert min(found) >= date(2026, 11, 21)
    assert max(found) < date(2027, 11, 21)
    assert public_holidays.ahead("US", date(2026, 11, 26))[date(2026, 11, 26)] == "Thanksgiving Day"


def test_countries_are_named_as_people_do():
    countries = public_holidays.countries()
    assert (countries["US"], countries["IM"], countries["DE"]) == ("United States", "Isle of Man", "Germany")
    assert (countries["HK"], countries["CD"]) == ("Hong Kong SAR China", "Congo - Kinshasa")
    assert all(len(name) > 2 for name in countries.values())
    assert len(countries) > 200
    assert list(countries.values()).index("Åland Islands") < 5


def test_a_country_has_one_name_on_all_pages():
    offered = public_holidays.countries()
    assert {code: offered[code] for code, _ in phones.countries() if code in offered} == {
        code: name for code, name in phones.countries() if code in offered
    }
