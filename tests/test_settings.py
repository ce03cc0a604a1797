"""Settings refuse what is missing or weak, all of it at once, and are told about in .env.example."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from callcrm.lib import env
from callcrm.lib.crypto.keys import parse_master_keys, version
from callcrm.lib.env import Environment

PROJECT = Path(__file__).resolve().parent.parent
KEY = "9f4d1c7be02a6835d4f0917c3eab58621d7f40e9b3c586aa02947bd1e6f83c5d"
OTHER_KEY = "07c1a9e4f25b38d6907e1f4bc8a2d35e6f9014b7c3d8a2e5f1609b74ce83d21a"
PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "Wm7xK2_pQ7v-Zr2xN8_tLk4WmB1yHc6SdFgJ9aE3uXo5iTn0RbVqKz",
    "LEAD_ENCRYPTION_KEY": KEY,
    "JWT_SECRET": "Ud83kQz-1mVx_9LrTb7WyNc2HsPfGjEa4XoRiKt6B0vZqSg",
    "DATABASE_URL": "postgres://callcrm:pw@localhost/callcrm",
    "PUBLIC_BASE_URL": "https://calls.acme.test",
    "ALLOWED_HOSTS": "calls.acme.test",
}


def start(
    tmp_path: Path, program: str = "import callcrm.settings", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, with this environment and no other."""
    return subprocess.run(
        [sys.executable, "-c", program], env={"PATH": os.environ["PATH"], **environment},
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_complete_production_settings_start(tmp_path):
    done = start(tmp_path, **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_production_without_anything_names_everything_that_is_missing(tmp_path):
    done = start(tmp_path, ENVIRONMENT="production")
    assert done.returncode != 0
    for name in PRODUCTION.keys() - {"ENVIRONMENT"}:
        assert f"{name} is not set" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECRET_KEY", "short", "shorter than"),
        ("SECRET_KEY", "django-insecure-pQ7vZr2xN8tLk4WmB1yHc6SdFgJ9", "placeholder"),
        ("SECRET_KEY", "abababababababababababababababababababab", "does not look random"),
        ("JWT_SECRET", f"{PRODUCTION['JWT_SECRET']},short", "shorter than"),
        ("LEAD_ENCRYPTION_KEY", "0" * 64, "does not look random"),
        ("LEAD_ENCRYPTION_KEY", KEY[:-2], "32 bytes"),
        ("LEAD_ENCRYPTION_KEY", f"{KEY},not-a-key", "32 bytes"),
        ("PUBLIC_BASE_URL", "http://calls.acme.test", "https://"),
        ("PUBLIC_BASE_URL", "calls.acme.test", "full address"),
        ("ALLOWED_HOSTS", "*", "must name hosts"),
        ("DATABASE_URL", "sqlite:///x", "postgres://"),
        ("DEBUG", "true", "must be off"),
        ("TRUSTED_PROXY_DEPTH", "-1", "whole number"),
        ("RATE_LIMIT_LOGIN", "often", "number per time"),
        ("TWILIO_API_BASE_URL", "api.twilio.com", "full address"),
        ("RECORDINGS_STORAGE_URL", "/var/recordings", "file:///folder or s3://bucket"),
        ("RECORDINGS_STORAGE_URL", (PROJECT / "static" / "x").as_uri(), "everybody may read"),
    ],
)
def test_production_refuses_a_weak_or_wrong_value_without_telling_it(tmp_path, name, value, complaint):
    done = start(tmp_path, **{**PRODUCTION, name: value})
    said = next((line for line in done.stderr.splitlines() if line.strip().startswith(f"- {name}")), "")
    assert complaint in said
    assert PRODUCTION["JWT_SECRET"] not in done.stderr
    assert KEY[:-2] not in done.stderr


def test_one_system_check_is_silenced_and_no_other():
    assert settings.SILENCED_SYSTEM_CHECKS == ["django_ratelimit.W001"]


def test_counts_have_a_connection_of_their_own(tmp_path):
    program = "from callcrm.settings import CACHES, DATABASES as d; print(CACHES['default']['LOCATION'], *d)"
    assert start(tmp_path, program, **PRODUCTION).stdout.split() == ["counters", "default", "counters"]


# --- .env.example


def example_variables() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    found = [re.fullmatch(r"#?([A-Z][A-Z0-9_]*)=(.*)", line) for line in lines]
    return {match[1]: match[2] for match in found if match}


def test_env_example_names_exactly_what_settings_read():
    assert list(example_variables()) == list(dict.fromkeys(settings.ENV.names))


def test_env_example_tells_every_variable_in_a_line_of_its_own():
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]*=", line):
            assert re.match(r"# \S.{10,}", lines[number - 1]), line


def test_env_example_gives_the_defaults(tmp_path):
    """Development with every default spelled out is development with nothing set."""
    program = (
        "from callcrm import settings as s; "
        "print({n: v for n, v in vars(s).items() if n.isupper() and n not in ('ENV', 'BASE_DIR')})"
    )
    spelled = {name: value for name, value in example_variables().items() if value}
    assert start(tmp_path, program, **spelled).stdout == start(tmp_path, program).stdout


# --- reading


def reader(tmp_path: Path, **values: str) -> Environment:
    return Environment(values, secrets_folder=tmp_path / "secrets")


def test_set_to_nothing_counts_as_not_set(tmp_path):
    assert reader(tmp_path, NAME="  ").text("NAME", "default") == "default"


def test_keys_come_newest_first_under_the_name_of_their_hash(tmp_path):
    keys = reader(tmp_path, K=f"{OTHER_KEY}, {KEY}").keys("K")
    assert list(keys.values()) == [bytes.fromhex(OTHER_KEY), bytes.fromhex(KEY)]
    assert list(keys) == [version(bytes.fromhex(OTHER_KEY)), version(bytes.fromhex(KEY))]
    assert all(re.fullmatch(r"[0-9a-f]{8}", name) for name in keys)


@pytest.mark.parametrize("spelling", ["hex", "HEX", "base64", "urlsafe", "unpadded"])
def test_a_key_may_be_spelled_in_hex_or_base64(spelling):
    import base64

    key = bytes.fromhex("fb" * 2 + KEY[4:])
    text = {
        "hex": key.hex(),
        "HEX": key.hex().upper(),
        "base64": base64.b64encode(key).decode(),
        "urlsafe": base64.urlsafe_b64encode(key).decode(),
        "unpadded": base64.b64encode(key).decode().rstrip("="),
    }[spelling]
    assert list(parse_master_keys(text).values()) == [key]


def test_development_makes_a_secret_once_and_keeps_it_to_itself(tmp_path):
    first = reader(tmp_path).secret("SECRET_KEY")
    assert reader(tmp_path).secret("SECRET_KEY") == first
    file = tmp_path / "secrets" / "SECRET_KEY"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert env.weakness_of(first) is None


def test_development_refuses_what_is_wrong_too(tmp_path):
    environment = reader(tmp_path, SECRET_KEY="short", SIZE="many")
    environment.secret("SECRET_KEY")
    environment.number("SIZE", 3)
    with pytest.raises(ImproperlyConfigured, match=r"(?s)SECRET_KEY is weak.*SIZE must be"):
        environment.refuse_if_wrong()


@pytest.mark.parametrize(
    "value",
    [
        "file:///srv/recordings",
        "s3://recordings",
        "s3://a.b-c?endpoint=https://s3.example.com&prefix=x/&region=r",
    ],
)
def test_recordings_are_kept_in_a_folder_or_a_bucket(tmp_path, value):
    environment = reader(tmp_path, URL=value)
    assert environment.storage("URL", "file:///x") == value
    assert environment.problems == []


@pytest.mark.parametrize(
    "value",
    [
        "recordings", "file://host/folder", "file:///", "https://s3.example.com/x", "s3://", "s3://UPPER", "s3://b/path",
        "s3://bucket?endpoint=s3.example.com", "s3://bucket?secret=x", "s3://key:secret@bucket", "file:///x?y=z",
    ],
)  # fmt: skip
def test_anything_else_is_no_place_for_them(tmp_path, value):
    environment = reader(tmp_path, URL=value)
    assert environment.storage("URL", "file:///x") == "file:///x"
    assert environment.problems


@pytest.mark.parametrize("value", ["30", "0/h", "/h", "30/y", "30/h;drop"])
def test_a_rate_is_a_number_per_time(tmp_path, value):
    environment = reader(tmp_path, RATE=value)
    assert environment.rate("RATE", "5/h") == "5/h"
    assert environment.problems
