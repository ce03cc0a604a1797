"""`manage.py retention`: what the rules of retention delete, now or only said."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.timezone import now

from accounts import businesses
from accounts.models import Business
from callcrm.lib import commands, times
from callcrm.lib.tenancy import business_scope
from recordings.models import Recording
from recordings.retention import rules as retention


class Command(commands.Command):
    help = "Delete the recordings whose time is over, of one business or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", default="", help="this one alone")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Each recording stands for itself: one that is deleted stays so, whatever follows."""
        slug, at = options["business"], now()
        chosen = [businesses.named(slug)] if slug else list(Business.objects.order_by("slug"))
        if not options["dry_run"]:
            done = [deleted(business, at) for business in chosen]
            return {word: sum(one[word] for one in done) for word in ("deleted", "held", "kept")}
        listed = [row for business in chosen for row in would_delete(business, at)]
        held = sum(counts(business)["held"] for business in chosen)
        if options["json"]:
            return {"would_delete": listed, "held": held}
        return {"would_delete": {row["id"]: _words(row) for row in listed} or 0, "held": held}


def deleted(business: Business, at: datetime) -> dict[str, int]:
    gone = retention.sweep_all(business.pk, at)
    return {"deleted": gone, **counts(business)}


def counts(business: Business) -> dict[str, int]:
    """Return how many are held, and how many are kept besides."""
    with business_scope(business.pk):
        there = Recording.objects.filter(business=business).not_gone()
        held = there.exclude(held_at=None).count()
        return {"held": held, "kept": there.count() - held}


def would_delete(business: Business, at: datetime) -> list[dict[str, str]]:
    with business_scope(business.pk):
        rows = retention.going(business.pk, at).with_rules().order_by("created_at", "pk")
        return [_row(recording) for recording in rows.iterator()]


def _row(recording: Recording) -> dict[str, str]:
    until = recording.keep_until
    return {
        "id": str(recording.pk),
        "call": str(recording.call_id),
        "kind": recording.kind,
        "created_at": times.iso(recording.created_at),
        "keep_until": times.iso(until) if until else "",
    }


def _words(row: Mapping[str, str]) -> str:
    return f"{row['kind']} of {row['created_at']}, kept until {row['keep_until']}"
