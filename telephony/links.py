"""The addresses of ours that a provider is given."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Links:
    """Where a provider reports to. What is asked comes back with the report, under the provider's signature."""

    provider: str

    def to(self, route: str, **query: str | int) -> str:
        asked = f"?{urlencode(query)}" if query else ""
        return f"{settings.PUBLIC_BASE_URL.rstrip('/')}/webhooks/{self.provider}/{route}/{asked}"
