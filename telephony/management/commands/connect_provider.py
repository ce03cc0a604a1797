"""`manage.py connect_provider SLUG PROVIDER --account ID`: an account whose secret signs what the provider sends."""

import os
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from accounts import businesses
from callcrm.lib import commands
from telephony import numbers
from telephony.models import ProviderAccount
from telephony.providers import PROVIDERS


class Command(commands.Command):
    help = "Connect a provider account. The secret comes from CALLCRM_SECRET or a prompt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands.add_slug(parser)
        parser.add_argument(
            "provider", metavar="PROVIDER", choices=sorted(PROVIDERS), help=", ".join(sorted(PROVIDERS))
        )
        parser.add_argument("--account", metavar="ID", required=True)
        parser.add_argument("--label", metavar="TEXT", default="")
        parser.add_argument(
            "--forget-previous",
            action="store_true",
            help="stop accepting what the secret before this one signed",
        )

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        business = businesses.named(options["slug"])
        name, account_id, forget = options["provider"], options["account"], options["forget_previous"]
        mine = ProviderAccount.objects.filter(business=business, provider=name, account_id=account_id)
        account = mine.first() if forget and "CALLCRM_SECRET" not in os.environ else None
        if account is None:
            secret = commands.ask_secret("CALLCRM_SECRET", "Secret")
            account = numbers.connect(business, name, account_id, secret, label=options["label"])
        if forget:
            numbers.forget_previous(account, by=None)
        return {"id": str(account.pk), "provider": name, "account": account_id}
