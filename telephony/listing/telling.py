"""What an answer tells the open list of whoever pressed, before the feed says so: to look at its rows and figures."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse

TO_BODY: dict[str, Any] = {"target": "body"}


def look_again(answer: HttpResponse, kind: str = "call", pk: UUID | None = None) -> HttpResponse:
    """Have the rows of this call, debt or recording asked for anew; without an id, all that are shown."""
    told = TO_BODY | {"now": True} | ({"id": str(pk)} if pk else {})
    return _tell(recount(answer), f"live:{kind}.changed", told)


def recount(answer: HttpResponse) -> HttpResponse:
    """Have the tabs and the menu counted anew."""
    return _tell(answer, "calls:done", TO_BODY)


def _tell(answer: HttpResponse, event: str, about: dict[str, Any]) -> HttpResponse:
    told = json.loads(answer.headers.get("HX-Trigger", "{}"))
    answer.headers["HX-Trigger"] = json.dumps(told | {event: about})
    return answer
