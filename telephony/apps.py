"""The telephony app."""

from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "telephony"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from callcrm.webhooks import registry  # noqa: PLC0415  # models are ready only now
        from telephony.deliveries import TelephonyHandler  # noqa: PLC0415
        from telephony.providers import PROVIDERS  # noqa: PLC0415

        for name, provider in PROVIDERS.items():
            registry.register(name, TelephonyHandler(provider))
