"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_out
        from django.db.models.signals import post_delete, post_save

        from accounts import checks, doors, limits, sessions  # noqa: F401  # models are ready only now; checks register on import
        from accounts.models import User
        from callcrm import errors

        errors.on_denied.append(doors.record_denial)
        errors.on_limited.append(limits.tell)
        user_logged_out.connect(sessions.on_log_out)
        post_save.connect(sessions.on_user_saved, sender=User)
        post_delete.connect(sessions.on_user_deleted, sender=User)
