"""A process whose database role walks through the wall does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def start(role: str) -> "subprocess.CompletedProcess[str]":
    """Load the web process as gunicorn does."""
    environment = {**os.environ, "DATABASE_ROLE": role, "DJANGO_SETTINGS_MODULE": "callcrm.settings"}
    command = [sys.executable, "-c", "import callcrm.asgi"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.django_db
def test_the_web_refuses_the_role_that_owns_the_tables_and_bypasses_their_policies() -> None:
    refused = start("none")  # the login of the tests is a superuser
    assert refused.returncode != 0
    assert "bypasses row level security" in refused.stderr
    assert start("callcrm_app").returncode == 0
