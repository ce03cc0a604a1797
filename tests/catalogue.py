"""Asking PostgreSQL itself, as whoever owns the tables: what there is, and what stands in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models

# The tables outside the wall, each with its reason. `test_tenant_wall.py` fails for any other.
OUTSIDE = {
    "accounts_user": "a person, before any business",
    "accounts_business": "found by its slug, before anything is its own",
    "accounts_member": "read to learn which business a request may see",
    "accounts_businesskey": "wrapped by a key that the database does not have",
    "accounts_platformvisit": "read to learn which business a superuser may see",
    "accounts_apisession": "read to learn whose token it is",
    "telephony_provideraccount": "its secret decides whose delivery it is",
    "telephony_numberroute": "a number exists once in the installation",
    "webhooks_receipt": "kept before a delivery is applied; sealed",
    "audit_entry": "holds what belongs to no business as well, and no person's data",
    "callcrm_counter": "counts by hashes and ids",
    "auth_group": "Django's own",
    "auth_group_permissions": "Django's own",
    "auth_permission": "Django's own",
    "axes_accessattempt": "of django-axes: who failed to log in, before any business",
    "axes_accessattemptexpiration": "of django-axes",
    "axes_accessfailurelog": "of django-axes, switched off",
    "axes_accesslog": "of django-axes, switched off",
    "django_admin_log": "Django's own: what superusers did in the admin",
    "django_content_type": "Django's own",
    "django_migrations": "Django's own",
    "django_session": "Django's own: who is logged in, before any business",
    "procrastinate_events": "of procrastinate",
    "procrastinate_jobs": "of procrastinate: jobs name ids alone (test_leaks.py)",
    "procrastinate_periodic_defers": "of procrastinate",
    "procrastinate_workers": "of procrastinate",
}


@contextmanager
def as_owner() -> Iterator[None]:
    """Be the login that the tests connect with, which made the tables; then the application again."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def tables() -> set[str]:
    found = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    return {name for (name,) in found}


def tenant_tables() -> set[str]:
    """The tables behind the wall: those with the policy."""
    found = rows(
        "SELECT tablename FROM pg_policies"
        " WHERE schemaname = 'public' AND policyname = 'tenant' AND permissive = 'PERMISSIVE'"
    )
    return {name for (name,) in found}


def tenant_models() -> list[type[models.Model]]:
    """The models that have a business and are no exception of `OUTSIDE`."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table not in OUTSIDE
        and any(f.column == "business_id" for f in model._meta.concrete_fields)
    ]
