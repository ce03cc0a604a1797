"""What every page knows of who looks at it: `can`, and the businesses he may go to."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.doors import Admitted
from accounts.models import Business
from accounts.permissions import Permission


class Rights:
    """`{% if can.reveal %}` asks the member, like the view does. Who came through no door can do nothing."""

    def __init__(self, member: Admitted | None) -> None:
        self.member = member

    def __getitem__(self, name: str) -> bool:
        """Say whether the right is held. Raises KeyError for a right that does not exist."""
        try:
            permission = Permission(name)
        except ValueError:
            raise KeyError(name) from None
        return self.member is not None and self.member.can(permission)


def member(request: HttpRequest) -> Mapping[str, Any]:
    """Give templates `can`, and `businesses`, which asks the database only where it is looked at."""
    return {
        "can": Rights(getattr(request, "member", None)),
        "businesses": SimpleLazyObject(lambda: list(of_user(getattr(request, "user", None)))),
    }


def of_user(user: Any) -> list[Business]:
    """Return the businesses that a user belongs to, by name."""
    if user is None or not user.is_authenticated:
        return []
    mine = Business.objects.filter(members__user=user, members__removed_at=None)
    return list(mine.order_by("name", "id")[:100])
