"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import checks, doors  # noqa: F401  # models are ready only now; checks register on import
        from callcrm import errors

        errors.on_denied.append(doors.record_denial)
