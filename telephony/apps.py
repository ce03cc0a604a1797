"""The telephony app."""

from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "telephony"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import businesses  # models are ready only now
        from callcrm.webhooks import registry
        from leads import editing
        from leads import merging as leads
        from telephony import ingest, merging, numbers
        from telephony.callbacks import spam
        from telephony.deliveries import TelephonyHandler
        from telephony.problems import reports
        from telephony.providers import PROVIDERS

        for name, provider in PROVIDERS.items():
            registry.register(name, TelephonyHandler(provider))
        businesses.on_created.append(numbers.connect_configured)
        ingest.person_handlers.append(reports.follow)
        editing.status_handlers.append(spam.follow)
        leads.parts.extend(merging.PARTS)
        leads.on_merged.append(merging.tell)
