"""How often: every limit has a name, a setting and one way to be counted.

Counts are exact under concurrency and survive the rollback of what they limit: they live in the cache on a
connection of its own (`callcrm.lib.cache`), or in Redis. django-ratelimit does the counting.
"""

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django_ratelimit import core
from django_ratelimit.core import get_usage

from callcrm.errors import Refused, TooMany
from callcrm.lib import logs


@dataclass(frozen=True, slots=True)
class Limit:
    """A name, and the setting that holds its rate, such as `30/h`."""

    name: str
    setting: str

    @property
    def rate(self) -> str:
        return str(getattr(settings, self.setting))


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a count stands: what `RateLimit-*` headers say. `reset` is in seconds."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool


API = Limit("api", "RATE_LIMIT_API")
API_ANONYMOUS = Limit("api.anonymous", "RATE_LIMIT_API_ANONYMOUS")
LOGIN = Limit("login", "RATE_LIMIT_LOGIN")
LOGIN_ACCOUNT = Limit("login.account", "RATE_LIMIT_LOGIN_ACCOUNT")
REGISTER = Limit("register", "RATE_LIMIT_REGISTER")
CALLS = Limit("call.place", "RATE_LIMIT_CALLS")
EXPORTS = Limit("export.ask", "RATE_LIMIT_EXPORTS")
PLAYS = Limit("recording.play", "RATE_LIMIT_PLAYS")
REVEALS = Limit("lead.reveal", "RATE_LIMIT_REVEALS")


def count(limit: Limit, key: str, *, increment: bool = True) -> Usage:
    """Count one more, or only look, and return where the count stands."""
    usage = get_usage(
        HttpRequest(), group=limit.name, key=lambda group, request: key, rate=limit.rate, increment=increment
    )
    if usage is None:
        return Usage(0, 0, 0, exceeded=False)
    left = max(0, usage["limit"] - usage["count"])
    return Usage(usage["limit"], left, max(1, usage["time_left"]), exceeded=usage["should_limit"])


def hit(limit: Limit, key: str) -> Usage:
    """Count one more. Raises TooMany, naming the limit and the wait, once it is used up."""
    usage = count(limit, key)
    if usage.exceeded:
        raise refused(limit, usage)
    return usage


def give_back(limit: Limit, key: str) -> None:
    """Take one count back, of what turned out not to count; nothing once its window has passed."""
    window = core._get_window(key, core._split_rate(limit.rate)[1])
    try:
        cache.decr(core._make_cache_key(limit.name, window, limit.rate, key, core.ALL))
    except ValueError:
        return


def network_of(address: str) -> str:
    """Return what an address counts as: one subscriber of IPv6 has 2**64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


def refusal(limit: Limit, key: str) -> TooMany:
    """Return the refusal that stands for a limit now, without counting."""
    return refused(limit, count(limit, key, increment=False))


def tell(request: HttpRequest, refusal: Refused) -> None:
    """Tell the security log that a limit was reached. The history is spared: a flood would fill it."""
    logs.security("limit.reached", outcome="failure", reason=getattr(refusal, "limit", ""))


def refused(limit: Limit, usage: Usage) -> TooMany:
    """Return the refusal: which limit, and when to come back."""
    wait = f"{usage.reset} seconds" if usage.reset < 120 else f"{round(usage.reset / 60)} minutes"
    message = f"The limit {limit.name} ({limit.rate}) is used up. Try again in {wait}."
    refusal = TooMany(message, retry_after=usage.reset, limit=limit.name)
    refusal.usage = usage
    return refusal
