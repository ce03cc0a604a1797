"""The webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "callcrm.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
