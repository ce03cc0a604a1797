"""`manage.py practice SLUG SCENARIO`: a scripted caller, signed and over HTTP, to a product that is running."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from accounts import businesses
from accounts.models import Business
from callcrm.lib import commands
from telephony import practice
from telephony.providers.practice.player import Misplayed
from telephony.providers.practice.scenarios import SCENARIOS

MOST = 1000


class Command(commands.Command):
    help = "Let practice callers ring. Returns when the last answer is in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", nargs="?", help="the business that is called")
        parser.add_argument("scenario", metavar="SCENARIO", nargs="?", help=", ".join(SCENARIOS))
        parser.add_argument("--base-url", metavar="URL", default="", help="where the product listens")
        parser.add_argument("--number", metavar="+E164", default="", help="one of its practice numbers")
        parser.add_argument("--count", metavar="N", default="1", help="how many callers, one by one")
        parser.add_argument("--fast", action="store_true", help="do not wait between the steps of a call")
        parser.add_argument("--list", action="store_true", help="say what each scenario is, and play none")

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """In no transaction: the product has to see the number before it is called."""
        if options["list"]:
            return {name: scenario.sentence for name, scenario in SCENARIOS.items()}
        if not options["slug"]:
            raise CommandError("Name the business and the scenario, or ask for --list.")
        if options["scenario"] not in SCENARIOS:
            raise CommandError(f"Choose a scenario: {', '.join(SCENARIOS)}.")
        count = _count(str(options["count"]))
        try:
            return self._play(businesses.named(options["slug"]), count, options)
        except Misplayed as error:
            raise CommandError(f"{error}.") from None

    def _play(self, business: Business, count: int, options: Mapping[str, Any]) -> dict[str, Any]:
        base_url = options["base_url"] or practice.running_product()
        calls: list[str] = []
        messages: list[str] = []
        for _ in range(count):
            played = practice.play_now(
                business,
                options["scenario"],
                base_url=base_url,
                e164=options["number"],
                hurry=options["fast"],
            )
            calls += played.calls
            messages += played.messages
        return {"calls": calls, "messages": messages}


def _count(text: str) -> int:
    """Here and not by argparse, which would print the whole usage."""
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise CommandError(f"--count goes from 1 to {MOST}.")
    return int(text)
