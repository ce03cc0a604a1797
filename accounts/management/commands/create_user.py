"""`manage.py create_user EMAIL --business SLUG --role ROLE`: a person who belongs to a business."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from accounts import businesses, people, team
from accounts.permissions import Role
from callcrm.lib import commands


class Command(commands.Command):
    help = "Make a user a member of a business. The password comes from CALLCRM_PASSWORD or a prompt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--business", metavar="SLUG", required=True)
        parser.add_argument("--role", choices=Role.values, required=True)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        business = businesses.named(options["business"])
        user = people.find_or_make(
            options["email"], lambda: commands.ask_secret("CALLCRM_PASSWORD", "Password")
        )
        member = team.add(business, user, options["role"], by=None)
        return {"id": str(user.pk), "email": user.email, "role": member.role, "business": business.slug}
