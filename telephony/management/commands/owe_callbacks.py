"""`manage.py owe_callbacks SLUG`: take up the missed calls of the last days that nobody has answered since."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from accounts import businesses
from callcrm.lib import commands
from telephony.callbacks import settling

MOST_DAYS = 366


class Command(commands.Command):
    help = "Open callbacks for missed calls of before; whoever was reached since is owed nothing. Safe twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands.add_slug(parser)
        parser.add_argument("--days", type=int, default=14, help="how far to look back; 14 unless told")

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Each call stands for itself: what is done stays done."""
        if not 0 < options["days"] <= MOST_DAYS:
            raise CommandError(f"Look back from 1 to {MOST_DAYS} days.")
        business = businesses.named(options["slug"])
        return {"calls": settling.take_up(business, since=now() - timedelta(days=options["days"]))}
