"""`manage.py add_number SLUG +E164 …`: a number, the source that it stands for, and whom it rings."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from accounts import businesses
from callcrm.lib import commands
from callcrm.lib.tenancy import business_scope
from leads.editing import source_named
from telephony import numbers
from telephony.models import ProviderAccount
from telephony.providers import PROVIDERS


class Command(commands.Command):
    help = "Add a tracking number of a connected account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands.add_slug(parser)
        parser.add_argument("e164", metavar="+E164")
        parser.add_argument("--provider", choices=sorted(PROVIDERS), required=True)
        parser.add_argument("--account", metavar="ID", required=True)
        parser.add_argument(
            "--source", metavar="NAME", required=True, help="what carries the number; made if new"
        )
        parser.add_argument(
            "--forward-to", metavar="+E164,+E164", default="", help="the telephones that ring"
        )

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        business = businesses.named(options["slug"])
        wanted = {"provider": options["provider"], "account_id": options["account"]}
        account = ProviderAccount.objects.filter(business=business, **wanted).first()
        if account is None:
            raise CommandError("This account is not connected: run `manage.py connect_provider` first.")
        with business_scope(business.pk):
            number = numbers.add(
                business,
                options["e164"],
                account=account,
                source=source_named(business.pk, options["source"]),
                forward_to=[part.strip() for part in options["forward_to"].split(",") if part.strip()],
            )
        source = {"id": str(number.source_id), "name": number.source.name}
        return {"id": str(number.pk), "e164": number.e164, "source": source}
