"""The page of opening hours: what is typed is kept, what is wrong is said, nobody overwrites another unknowingly."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from callcrm.testing import login
from telephony.hours import opening
from telephony.hours.week import WEEKDAYS
from telephony.models import OpeningHours

PAGE = "/b/acme/hours/"
WEEK = dict.fromkeys(WEEKDAYS, "9-17") | {"sat": "closed", "sun": "Closed"}
EVE = {"day": "2027-12-24", "name": "Christmas Eve", "openings": "9am-12pm"}


@pytest.fixture
def admin(world, client):
    return login(client, world.admin)


def drawn(client):
    """What the forms of the page carry."""
    found = re.search(
        r'<input type="hidden" name="version"(?: value="([^"]*)")?', client.get(PAGE).content.decode()
    )
    return (found[1] or "").replace("&#x2B;", "+")


def post(client, path="", **form):
    return client.post(PAGE + path, {"version": drawn(client)} | form)


def kept(world):
    with world.inside():
        return opening.document_of(opening.row_of(world.acme))


def html(answer):
    return answer.content.decode()


def test_the_page_shows_the_default_with_bars_and_the_zone(admin):
    shown = html(admin.get(PAGE))
    assert shown.count('value="9 am to 5 pm"') == 5
    assert shown.count('x="37.50%" width="33.33%"') == 5
    assert "America/Los Angeles" in shown
    assert "/b/acme/settings/" in shown


def test_a_refused_week_draws_what_was_typed_and_no_bar_where_that_cannot_be_read(admin, world):
    answer = post(admin, **WEEK | {"mon": "9-12", "tue": "9-5", "wed": "", "thu": "closed"})
    page = html(answer)
    assert answer.status_code == 422
    bars = {row["field"].name: row["bars"] for row in answer.context["rows"]}
    assert bars["mon"] == [{"x": "37.50%", "width": "12.50%"}]
    assert (bars["tue"], bars["wed"], bars["thu"]) == (None, None, [])
    assert page.count('<svg class="hbar"') == 5
    page = html(post(admin, same="mon", **WEEK | {"mon": "9-5"}))
    assert page.count('<svg class="hbar"') == 2  # Saturday and Sunday


def test_the_state_is_said_in_words(admin, monkeypatch):
    monkeypatch.setattr("telephony.hours.pages.now", lambda: datetime(2026, 11, 23, 20, tzinfo=UTC))
    assert "Open until 5:00 pm" in html(admin.get(PAGE))
    monkeypatch.setattr("telephony.hours.pages.now", lambda: datetime(2026, 11, 22, 20, tzinfo=UTC))
    assert "Closed until Mon 9:00 am" in html(admin.get(PAGE))


def test_a_week_is_saved_as_it_is_meant(admin, world):
    answer = post(admin, **WEEK | {"mon": "9–12, 1-5pm", "sun": "24h"})
    assert answer.status_code == 302
    assert kept(world)["week"]["mon"] == ["09:00-12:00", "13:00-17:00"]
    assert kept(world)["week"]["sun"] == ["00:00-24:00"]
    assert kept(world)["week"]["sat"] == []
    assert 'value="9 am to noon, 1 pm to 5 pm"' in html(admin.get(PAGE))


def test_what_cannot_be_read_is_said_at_its_day_and_stays_as_typed(admin, world):
    answer = post(admin, **WEEK | {"tue": "9-5", "wed": ""})
    assert answer.status_code == 422
    shown = html(answer)
    assert "Tuesday: 9 am to 5 am ends before it begins: write 5 pm" in shown
    assert 'name="tue" value="9-5"' in shown
    assert 'name="mon" value="9-17"' in shown
    assert shown.count('aria-invalid="true"') == 2
    assert kept(world) == opening.DEFAULT


def test_mondays_hours_are_copied_to_look_at_and_not_yet_saved(admin, world):
    answer = post(admin, **WEEK | {"mon": "8-12", "same": "mon"})
    assert answer.status_code == 200
    assert html(answer).count('value="8-12"') == 5
    assert "Save to keep them" in html(answer)
    assert 'name="sat" value="closed"' in html(answer)
    assert kept(world) == opening.DEFAULT


def test_enter_saves(admin):
    """A browser presses the first button of a form when Enter is hit in a field."""
    buttons = re.findall(r"<button[^>]*type=\"submit\"[^>]*>", html(admin.get(PAGE)).split("hours-row")[-1])
    assert 'name="same"' not in buttons[0]
    assert 'name="same"' in buttons[1]


# --- Two editors


def test_the_second_editor_sees_what_the_first_saved_and_may_insist(admin, world):
    before = drawn(admin)
    post(admin, **WEEK | {"mon": "7-8"})
    answer = admin.post(PAGE, WEEK | {"mon": "10-11", "version": before})
    assert answer.status_code == 422
    shown = html(answer)
    assert "Somebody else has changed these hours" in shown
    assert "Saved by somebody else: 7 am to 8 am" in shown
    assert 'name="mon" value="10-11"' in shown
    assert kept(world)["week"]["mon"] == ["07:00-08:00"]
    again = re.search(r'name="version" value="([^"]+)"', shown)[1].replace("&#x2B;", "+")
    assert admin.post(PAGE, WEEK | {"mon": "10-11", "version": again}).status_code == 302
    assert kept(world)["week"]["mon"] == ["10:00-11:00"]


def test_a_typing_error_does_not_forget_the_version(admin, world):
    post(admin, **WEEK | {"mon": "6-7"})
    before = drawn(admin)
    post(admin, **WEEK | {"mon": "7-8"})
    answer = admin.post(PAGE, WEEK | {"mon": "x", "version": before})
    assert before
    assert f'name="version" value="{before}"' in html(answer).replace("&#x2B;", "+")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("holidays/", EVE),
        ("holiday-removals/", {"day": "2027-12-24"}),
        ("public-holidays/", {"country": "US"}),
    ],
)
def test_every_form_is_told_of_a_conflict(admin, world, path, form):
    post(admin, "holidays/", **EVE)
    answer = admin.post(PAGE + path, form | {"version": ""})
    assert answer.status_code == 422
    assert "Somebody else has changed these hours" in html(answer)
    assert list(kept(world)["holidays"]) == ["2027-12-24"]


@pytest.mark.parametrize("bad", ["x", "2026-13-01", "2026-11-20T10:00:00", "9" * 39])
def test_a_version_that_is_none_is_out_of_date(admin, world, bad):
    answer = admin.post(PAGE, WEEK | {"version": bad})
    assert answer.status_code == 422
    assert "out of date" in html(answer)
    assert kept(world) == opening.DEFAULT


# --- Holidays


def test_a_day_gets_hours_of_its_own_is_replaced_and_removed(admin, world):
    assert post(admin, "holidays/", **EVE).status_code == 302
    assert kept(world)["holidays"] == {"2027-12-24": {"name": "Christmas Eve", "windows": ["09:00-12:00"]}}
    shown = html(admin.get(PAGE))
    assert "Christmas Eve" in shown
    assert "Fri, Dec 24, 2027" in shown
    post(admin, "holidays/", **EVE | {"openings": "closed"})
    assert kept(world)["holidays"]["2027-12-24"]["windows"] == []
    assert post(admin, "holiday-removals/", day="2027-12-24").status_code == 302
    assert kept(world)["holidays"] == {}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"day": "24.12.2027"}, "Enter a valid date"),
        ({"name": ""}, "This field is required"),
        ({"openings": "9-5"}, "write 5 pm"),
        ({"name": "x" * 81}, "at most 80"),
    ],
)
def test_a_day_that_is_none_is_refused_and_stays_as_typed(admin, world, wrong, says):
    answer = post(admin, "holidays/", **EVE | wrong)
    assert answer.status_code == 422
    assert says in html(answer)
    [(field, typed)] = wrong.items()
    assert f'name="{field}" value="{typed}"' in html(answer) or not typed
    assert kept(world)["holidays"] == {}


def test_past_days_are_folded_away(admin, world):
    today = datetime.now(world.acme.tz).date()
    for offset, name in ((-1, "Yesterday's fair"), (0, "Today's fair")):
        post(admin, "holidays/", **EVE | {"day": (today + timedelta(days=offset)).isoformat(), "name": name})
    ahead, past = html(admin.get(PAGE)).split("<details")
    assert "Today&#x27;s fair" in ahead
    assert "Yesterday&#x27;s fair" in past
    assert "1 past day<" in past


def test_public_holidays_are_closed_days_and_overwrite_nothing(admin, world):
    today = datetime.now(world.acme.tz).date()
    christmas = f"{today.year if (today.month, today.day) <= (12, 25) else today.year + 1}-12-25"
    post(admin, "holidays/", **EVE | {"day": christmas, "name": "Our party"})
    assert post(admin, "public-holidays/", country="US").status_code == 302
    holidays = kept(world)["holidays"]
    assert holidays[christmas] == {"name": "Our party", "windows": ["09:00-12:00"]}
    assert len(holidays) > 10
    assert all(own["windows"] == [] for day, own in holidays.items() if day != christmas)
    count = len(holidays)
    assert post(admin, "public-holidays/", country="US").status_code == 302
    assert len(kept(world)["holidays"]) == count


def test_the_country_of_the_business_is_chosen(admin):
    assert '<option value="US" selected>' in html(admin.get(PAGE))
    assert post(admin, "public-holidays/", country="XX").status_code == 422


def test_holidays_have_an_end(admin, world):
    days = {
        f"{2030 + n // 300}-{n % 12 + 1:02}-{n % 300 // 12 + 1:02}": {"name": "", "windows": []}
        for n in range(400)
    }
    with world.inside():
        opening.change(world.acme, holidays=days, by=world.admin)
    answer = post(admin, "holidays/", **EVE)
    assert answer.status_code == 422
    assert "There is room for 400 days" in html(answer)


# --- Who


def test_a_user_has_no_such_page_and_no_such_item(world, client):
    user = login(client, world.user)
    assert user.get(PAGE).status_code == 403
    assert user.post(PAGE, WEEK).status_code == 403
    assert PAGE not in html(user.get("/b/acme/"))


def test_the_rival_finds_nothing_and_changes_nothing(world, client):
    rival = login(client, world.rival_owner)
    for path in ("", "holidays/", "holiday-removals/", "public-holidays/"):
        assert rival.post(PAGE + path, WEEK | EVE | {"country": "US"}).status_code == 404
    with world.inside():
        assert not OpeningHours.objects.exists()
