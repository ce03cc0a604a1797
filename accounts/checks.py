"""The start-up guard: a database role that bypasses row level security would make the wall a painting."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connections

BYPASSES = "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


@register(Tags.database)
def database_role_cannot_bypass_the_wall(
    app_configs: Any, databases: Any = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a role that is superuser or has BYPASSRLS. Also asked when the web starts."""
    if settings.AS_OWNER:
        return []  # `migrate` works as the owner of the tables, and serves nobody
    return [error for alias in databases or [] for error in _errors(alias)]


def _errors(alias: str) -> list[CheckMessage]:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(BYPASSES)
            role, bypasses = cursor.fetchone()
    except OperationalError:
        return []  # out of reach is told by /health/ready, not by a failed start
    if not bypasses:
        return []
    hint = "Let DATABASE_URL log in as an ordinary role; `manage.py migrate` makes callcrm_app for it to switch to."
    return [Error(f"The database role {role} bypasses row level security.", hint=hint, id="callcrm.E001")]
