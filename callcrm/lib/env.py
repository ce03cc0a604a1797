"""What the environment says, read with care.

An `Environment` remembers every name it was asked for (`.env.example` is compared with that) and collects
what is missing or weak, so that `refuse_if_wrong` can name everything at once instead of one thing per start.
Problems name variables, never their values. Development makes its own secrets once, in `var/secrets`.
"""

import math
import os
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

from callcrm.lib.crypto.keys import parse_master_keys, version

MIN_SECRET_LENGTH = 32
MIN_SECRET_BITS = 96  # by the frequency of its own characters: "aaaa…" and "change-me-change-me-…" stay below
PLACEHOLDERS = ("change-me", "changeme", "change_me", "insecure", "placeholder", "your-", "example", "xxxx")
RATE = re.compile(r"[1-9]\d*/\d*[smhd]")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Environment:
    def __init__(self, values: Mapping[str, str], *, secrets_folder: Path) -> None:
        self.values = values
        self.secrets_folder = secrets_folder
        self.names: list[str] = []
        self.problems: list[str] = []
        self.production = self.choice("ENVIRONMENT", "development", "production") == "production"

    # --- plain values

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Return what is set; set to nothing counts as not set. `required` binds production alone."""
        self.names.append(name)
        value = self.values.get(name, "").strip()
        if not value and required and self.production:
            self.problems.append(f"{name} is not set")
        return value or default

    def words(self, name: str, *, required: bool = False) -> list[str]:
        return [word.strip() for word in self.text(name, required=required).split(",") if word.strip()]

    def choice(self, name: str, *choices: str) -> str:
        """Return one of the choices; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            self.problems.append(f"{name} must be {' or '.join(choices)}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in TRUE + FALSE:
            self.problems.append(f"{name} must be true or false")
        return value in TRUE

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**6) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
            self.problems.append(f"{name} must be a whole number from {least} to {most}")
            return default
        return int(value)

    def rate(self, name: str, default: str) -> str:
        """Return a limit such as 200/15m: so many in so much time."""
        value = self.text(name, default)
        if not RATE.fullmatch(value):
            self.problems.append(f"{name} must be a number per time, like 30/h or 200/15m")
            return default
        return value

    def address(self, name: str, default: str, *, required: bool = False) -> str:
        """Return an address without its last slash; production wants https for what is required."""
        value = self.text(name, default, required=required).rstrip("/")
        if not _is_address(value):
            self.problems.append(f"{name} must be a full address like https://calls.example.com")
            return default
        if required and self.production and not value.startswith("https://"):
            self.problems.append(f"{name} must begin with https://")
        return value

    def storage(self, name: str, default: str) -> str:
        """Return where files are kept: an absolute folder, or a bucket of S3 with its endpoint."""
        value = self.text(name, default)
        if not _is_storage(value):
            form = "file:///folder or s3://bucket?endpoint=https://…&prefix=…&region=…"
            self.problems.append(f"{name} must be {form}")
            return default
        return value

    # --- secrets

    def secret(self, name: str) -> str:
        """Return one secret string; production refuses one that could be guessed."""
        return self._secret_texts(name, several=False)[0]

    def keyring(self, name: str) -> dict[str, str]:
        """Return secret strings by version, newest first."""
        return {version(text.encode()): text for text in self._secret_texts(name, several=True)}

    def keys(self, name: str) -> dict[str, bytes]:
        """Return 32-byte keys by version, newest first, from hex or base64."""
        text = self.text(name, required=True) or ",".join(self._made_here(name))
        try:
            return parse_master_keys(text) if text else {}
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return {}

    def _secret_texts(self, name: str, *, several: bool) -> list[str]:
        value = self.text(name, required=True)
        texts = [t.strip() for t in value.split(",") if t.strip()] if several else [value] if value else []
        if weakness := next((w for t in texts if (w := weakness_of(t))), None):
            self.problems.append(f"{name} is weak: {weakness}")
        return texts or self._made_here(name) or [""]

    def _made_here(self, name: str) -> list[str]:
        return [] if self.production else [_made_once(self.secrets_folder / name)]

    # --- the end

    def refuse_if_wrong(self) -> None:
        """Raise one error that names all problems."""
        if self.problems:
            listed = "".join(f"\n  - {problem}" for problem in dict.fromkeys(self.problems))
            raise ImproperlyConfigured(
                f"callcrm does not start with these settings (see .env.example):{listed}"
            )


def weakness_of(secret: str) -> str | None:
    """Say why a secret could be guessed, without quoting it; None when it looks random and long enough."""
    if len(secret) < MIN_SECRET_LENGTH:
        return f"shorter than {MIN_SECRET_LENGTH} characters"
    if any(word in secret.lower() for word in PLACEHOLDERS):
        return "it is a placeholder"
    if len(secret) * _bits_per_character(secret) < MIN_SECRET_BITS or len(set(secret)) < 10:
        return "it does not look random"
    return None


def _bits_per_character(text: str) -> float:
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        bare = not (parts.username or parts.password or parts.query or parts.fragment)
        return bare and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_storage(value: str) -> bool:
    try:
        parts = urlsplit(value)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        return False
    if parts.scheme == "file":
        return not (parts.netloc or parts.query or parts.fragment) and len(parts.path.strip("/")) > 0
    endpoint = options.get("endpoint")
    known = options.keys() <= {"endpoint", "prefix", "region"} and (endpoint is None or _is_address(endpoint))
    return (
        parts.scheme == "s3" and bool(BUCKET.fullmatch(parts.netloc)) and not parts.path.strip("/") and known
    )


def _made_once(path: Path) -> str:
    """Return the secret in the file; of several processes that come first at once, all get the same one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        own = path.with_name(f".{path.name}.{os.getpid()}")
        own.touch(mode=0o600)
        own.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(own)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_text().strip()


def running_port(folder: Path) -> int:
    """Return the port that `make run` has served on last, so that a command beside it finds it; 8000 before that."""
    try:
        return int((folder / "port").read_text())
    except (OSError, ValueError):
        return 8000
