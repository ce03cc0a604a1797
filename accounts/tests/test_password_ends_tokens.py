"""Whoever sets a password, and however: the tokens made with the old one are good for nothing."""

import pytest
from django.core.management import call_command

from accounts.models import User
from callcrm.testing import World

pytestmark = pytest.mark.django_db


def test_djangos_own_command_ends_them_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.user.user.token_version
    monkeypatch.setattr("getpass.getpass", lambda *args, **kwargs: "Another-Password-2")
    call_command("changepassword", world.user.user.email, verbosity=0)
    assert User.objects.get(pk=world.user.user.pk).token_version > before


def test_a_hash_that_is_brought_up_to_date_ends_nothing(world: World) -> None:
    user = world.user.user
    before, user.password = user.token_version, "pbkdf2_sha256$1$abc$" + "x" * 44
    user.set_password("Another-Password-2")
    setattr(user, "_password", None)  # noqa: B010  # what Django does when it makes a stronger hash of the same password
    user.save(update_fields=["password"])
    assert User.objects.get(pk=user.pk).token_version == before
