"""Master keys are read strictly, and a bad one is named by its place alone."""

import base64
from hashlib import sha256

import pytest

from callcrm.lib.crypto import keys
from callcrm.lib.crypto.envelope import DecryptError

NEW, OLD = sha256(b"new").digest(), sha256(b"old").digest()


@pytest.mark.parametrize(
    "spelled",
    [
        NEW.hex(),
        NEW.hex().upper(),
        f"  {NEW.hex()}\n",
        base64.b64encode(NEW).decode(),
        base64.urlsafe_b64encode(NEW).decode(),
        base64.urlsafe_b64encode(NEW).decode().rstrip("="),
    ],
)
def test_a_key_is_read_from_hex_and_base64(spelled):
    assert keys.parse_master_keys(spelled) == {sha256(NEW).hexdigest()[:8]: NEW}


def test_the_first_key_is_the_newest():
    parsed = keys.parse_master_keys(f"{NEW.hex()},{base64.b64encode(OLD).decode()}")
    assert list(parsed.values()) == [NEW, OLD]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "changeme",
        NEW.hex()[:-1],
        NEW.hex() + "00",
        "zz" * 32,
        "00" * 32,
        "ab" * 32,
        "é" * 64,
        base64.b64encode(NEW[:31]).decode(),
        base64.b64encode(OLD).decode()[:20] + "*" + base64.b64encode(OLD).decode()[20:],
    ],
)
def test_a_bad_key_is_named_by_its_position_and_never_shown(bad):
    with pytest.raises(ValueError, match="master key 2 ") as refused:
        keys.parse_master_keys(f"{NEW.hex()},{bad}")
    assert NEW.hex() not in str(refused.value)
    assert not bad or bad not in str(refused.value)


def test_a_key_given_twice_is_refused():
    with pytest.raises(ValueError, match="master key 2 is given twice"):
        keys.parse_master_keys(f"{NEW.hex()},{base64.b64encode(NEW).decode()}")


def test_settings_say_which_keys_there_are(settings):
    settings.LEAD_ENCRYPTION_KEYS = keys.parse_master_keys(f"{NEW.hex()},{OLD.hex()}")
    assert keys.newest() == (keys.version(NEW), NEW)
    assert keys.master_key(keys.version(OLD)) == OLD


def test_a_version_that_is_not_configured_opens_nothing(settings):
    settings.LEAD_ENCRYPTION_KEYS = {keys.version(NEW): NEW}
    with pytest.raises(DecryptError):
        keys.master_key(keys.version(OLD))


def test_new_keys_differ_and_are_accepted():
    first, second = keys.new_key(), keys.new_key()
    assert first != second
    assert keys.parse_master_keys(f"{first.hex()},{second.hex()}")
