"""`manage.py demo`: something to look at, once, on a developer's machine."""

import json
import os
import secrets
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from accounts.models import Business
from accounts.passwords import is_good
from accounts.permissions import Role
from callcrm import demo
from callcrm.demo.setting import SLUG
from callcrm.lib import commands

LOCK = 5_550_100  # whichever of two starts comes second waits, and then finds a business
SIGNS = "".join(set(string.ascii_letters + string.digits) - set("0O1lI"))
ROLES = (Role.OWNER, Role.ADMIN, Role.USER)


class Command(commands.Command):
    help = "Make the business acme with three months of invented calls, if there is no business yet."

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development; use create_business.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if Business.objects.exists():
            tell_address()
            return {"made": False}
        passwords = {str(role): password() for role in ROLES}
        keep(passwords)  # first, because a folder can be read-only
        scene = demo.make(passwords, timezone.now())
        return {
            "made": True,
            "business": scene.business.slug,
            "calls": len(scene.calls),
            "leads": len(scene.people),
            "users": [f"{role}@{SLUG}.example" for role in ROLES],
        }


def password() -> str:
    """Return three groups of four signs that are not mistaken for each other."""
    while True:
        made = "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(3))
        if is_good(made):
            return made


def keep(passwords: Mapping[str, str]) -> None:
    """Write who may log in. Raises CommandError where that cannot be written."""
    users = [
        {"email": f"{role}@{SLUG}.example", "password": passwords[role], "role": str(role)} for role in ROLES
    ]
    write({"url": settings.PUBLIC_BASE_URL, "business": SLUG, "users": users})


def tell_address() -> None:
    """Correct the address after a start on another port."""
    try:
        content = json.loads(path().read_text())
    except (OSError, ValueError):
        return  # there is a business, and nobody needs a demo beside it
    if content.get("url") != settings.PUBLIC_BASE_URL:
        write(content | {"url": settings.PUBLIC_BASE_URL})


def write(content: Mapping[str, Any]) -> None:
    """Write the file for the owner of the folder alone; whole or not at all."""
    draft = path().with_suffix(f".{os.getpid()}")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, indent=2) + "\n")
        draft.replace(path())
    except OSError as error:
        raise CommandError(f"{path()} cannot be written: {error.strerror}.") from None


def path() -> Path:
    return Path(settings.VAR) / "demo.json"
