"""The jobs of telephony. A task is a thin shell: it names its business and calls a verb."""

from uuid import UUID

from django.conf import settings
from procrastinate.contrib.django import app

from accounts.models import Business
from telephony import practice


@app.task(queue="practice")
def play_practice(*, business_id: str, scenario: str) -> None:
    """Let a practice caller ring at the running product. A call that was cut off is not played again: it has rung."""
    base_url = settings.PUBLIC_BASE_URL if settings.PRODUCTION else f"http://127.0.0.1:{settings.PORT}"
    practice.play_now(Business.objects.get(pk=UUID(business_id)), scenario, base_url=base_url)
