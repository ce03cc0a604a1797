"""The top app: commands and pages that compose the others; it owns no model."""

from django.apps import AppConfig


class CallcrmConfig(AppConfig):
    name = "callcrm"
    default_auto_field = "django.db.models.BigAutoField"
