"""`manage.py create_business NAME --owner EMAIL`: a business, its keys and its first owner."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from accounts import businesses, people
from callcrm.lib import commands


class Command(commands.Command):
    help = "Make a business and its owner. The password comes from CALLCRM_PASSWORD or a prompt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--owner", metavar="EMAIL", required=True)
        parser.add_argument("--timezone", metavar="TZ", default="America/New_York")
        parser.add_argument("--slug", default="", help="made of the name if it is not given")

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        owner = people.find_or_make(
            options["owner"], lambda: commands.ask_secret("CALLCRM_PASSWORD", "Password")
        )
        made = businesses.create(
            options["name"], owner=owner, timezone=options["timezone"], slug=options["slug"]
        )
        return {"id": str(made.pk), "slug": made.slug, "owner": {"id": str(owner.pk), "email": owner.email}}
