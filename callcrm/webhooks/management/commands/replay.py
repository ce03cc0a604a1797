"""`manage.py replay RECEIPT_ID…` or `--failed`: apply kept deliveries again, after a fix."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import QuerySet

from callcrm.lib import commands
from callcrm.webhooks.models import Receipt
from callcrm.webhooks.receive import replay


class Command(commands.Command):
    help = "Apply kept deliveries again; applying is safe twice and in any order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("receipts", metavar="RECEIPT_ID", type=UUID, nargs="*", default=[])
        which.add_argument("--failed", action="store_true", help="all that could not be applied")

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Each receipt has a transaction of its own: one that fails again keeps no other from being applied."""
        results = [replay(receipt) for receipt in _chosen(options).order_by("received_at", "id")]
        return {"applied": results.count(True), "failed": results.count(False)}


def _chosen(options: Mapping[str, Any]) -> QuerySet[Receipt]:
    if options["failed"]:
        return Receipt.objects.filter(state=Receipt.State.FAILED)
    wanted = set(options["receipts"])
    found = Receipt.objects.filter(pk__in=wanted)
    if found.count() != len(wanted):
        raise CommandError("There is no receipt with one of these ids; nothing was replayed.")
    return found
