"""The guard of the wall as a system check, for `manage.py check --database default` before a deployment.

A running process asks for itself: `callcrm.lib.tenancy.refuse_to_bypass`.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError

from callcrm.lib.tenancy import bypassing_role

HINT = (
    "Let DATABASE_URL log in as an ordinary role; `manage.py migrate` makes callcrm_app for it to switch to."
)


@register(Tags.database)
def database_role_cannot_bypass_the_wall(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a role that is superuser or has BYPASSRLS."""
    if settings.AS_OWNER:
        return []  # `migrate` works as the owner of the tables, and serves nobody
    return [error for alias in databases or [] for error in _errors(alias)]


def _errors(alias: str) -> list[CheckMessage]:
    try:
        role = bypassing_role(alias)
    except OperationalError:
        return []  # out of reach is told by /health/ready, not by a failed start
    text = f"The database role {role} bypasses row level security."
    return [Error(text, hint=HINT, id="callcrm.E003")] if role else []
