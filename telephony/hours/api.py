"""The API of opening hours: one document, read by everybody and replaced as a whole."""

from typing import Any

from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_base import Door
from accounts.permissions import Permission
from callcrm.lib.strict import Moment, Shape, Strict, Text
from telephony.hours import opening
from telephony.hours.week import LONGEST_NAME, MOST_WINDOWS, WEEKDAYS


def _windows() -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=11), max_length=MOST_WINDOWS, help_text='Like ["09:00-17:00"]; empty is closed.'
    )


class WeekBody(Strict):
    """The openings of all seven days, local time."""

    def get_fields(self) -> dict[str, Any]:
        return {day: _windows() for day in WEEKDAYS}


class HolidayBody(Strict):
    name = Text(max_length=LONGEST_NAME, allow_blank=True)
    windows = _windows()


class HoursBody(Strict):
    week = WeekBody()
    holidays = serializers.DictField(child=HolidayBody(), help_text="By date, like 2026-12-25.")
    updated_at = Moment(
        required=False,
        allow_null=True,
        help_text="As it was read: then another's change since is a conflict.",
    )


class HoursShape(Shape):
    timezone = serializers.CharField()
    week = WeekBody()
    holidays = serializers.DictField(child=HolidayBody())
    updated_at = serializers.DateTimeField(allow_null=True, help_text="Null while the default holds.")
    is_open = serializers.BooleanField()
    closes_at = serializers.DateTimeField(allow_null=True)
    opens_at = serializers.DateTimeField(allow_null=True, help_text="Now, while it is open.")
    words = serializers.CharField(help_text='Like "open until 5:00 pm".')


class OpeningTimes(Door):
    """When the business is open: its week, and days with hours of their own."""

    needs = {"GET": Permission.VIEW_CUSTOMERS, "PUT": Permission.NUMBERS}
    bodies = {"PUT": HoursBody}
    shape = HoursShape

    def get(self, request: Request) -> Response:
        return self._current()

    def put(self, request: Request) -> Response:
        """Replace the opening hours."""
        given = self.body()
        drawn = given.get("updated_at", opening.Drawn.ANY)
        opening.change(
            self.business, week=given["week"], holidays=given["holidays"], drawn=drawn, by=self.member
        )
        return self._current()

    def _current(self) -> Response:
        row, at = opening.row_of(self.business), now()
        hours = opening.hours_of(self.business, row)
        state = {
            "is_open": hours.is_open(at),
            "closes_at": hours.closes_at(at),
            "opens_at": hours.opens_at(at),
            "words": hours.in_words(at),
        }
        names = {"timezone": self.business.timezone, "updated_at": row and row.updated_at}
        return self.answer({**opening.document_of(row), **names, **state})
