"""`manage.py note_after_hours SLUG`: say of past calls whether they began after hours, where that is known."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from accounts import businesses
from callcrm.lib import commands
from telephony.hours import after_hours


class Command(commands.Command):
    help = "Say of calls of before whether they began after hours, since the present hours hold. Safe twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands.add_slug(parser)

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Batch by batch: what is done stays done."""
        return {"calls": after_hours.take_up(businesses.named(options["slug"]))}
