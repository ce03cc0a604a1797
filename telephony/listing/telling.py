"""What an answer tells the open list of whoever pressed: to look at its rows at once, before the feed says so."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse


def look_again(answer: HttpResponse, kind: str = "call", pk: UUID | None = None) -> HttpResponse:
    """Have the rows of this call, debt or recording asked for anew; without an id, all that are shown."""
    told: dict[str, Any] = {"target": "body", "now": True} | ({"id": str(pk)} if pk else {})
    answer.headers["HX-Trigger"] = json.dumps({f"live:{kind}.changed": told})
    return answer
