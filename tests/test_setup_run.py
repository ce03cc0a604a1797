"""`make run` starts everything, tells when it is ready, and leaves nothing behind, however it ends.

Played in a copy of the sources that shares this one's environment, so that a product which runs here is left alone.
"""

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LEFT_OUT = (
    ".git",
    ".venv",
    "var",
    ".env",
    "__pycache__",
    "staticfiles",
    "tests",
    "docs",
    ".mypy_cache",
    ".ruff_cache",
)
PLAIN = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
pytestmark = pytest.mark.xdist_group("run")


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    home = Path(tempfile.gettempdir()) / f"callcrm-test-{secrets.token_hex(6)}"
    shutil.copytree(PROJECT, home, ignore=shutil.ignore_patterns(*LEFT_OUT))
    home.chmod(0o755)
    (home / ".venv").symlink_to(PROJECT / ".venv")
    yield home
    shutil.rmtree(home, ignore_errors=True)


class Product:
    """`make run` in the copy, without make: its parent is a shell that waits for it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.parent = subprocess.Popen(
            [
                "sh",
                "-c",
                ".venv/bin/python -m callcrm.lib.supervise --for-make var/run-status; cat var/run-status",
            ],
            cwd=home,
            env={**PLAIN, "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, words: str) -> str:
        assert self.parent.stdout is not None
        heard = ""
        for line in self.parent.stdout:
            heard += line
            if words in line:
                return heard
        raise AssertionError(f"never said {words!r}, but: {heard}")

    def last_words(self) -> str:
        return self.parent.communicate(timeout=20)[0]

    @property
    def supervisor(self) -> int:
        return next(
            p
            for p in self.processes()
            if "callcrm.lib.supervise" in command(p) and parent_of(p) == self.parent.pid
        )

    def processes(self) -> list[int]:
        return [pid for pid in pids() if belongs(pid, self.home)]

    def one(self, word: str) -> int:
        return next(pid for pid in self.processes() if word in command(pid))

    def nothing_is_left_within(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while left := self.processes():
            assert time.monotonic() < deadline, [command(pid)[:150] for pid in left]
            time.sleep(0.05)


def pids() -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and int(path.name) != os.getpid()
    ]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def belongs(pid: int, home: Path) -> bool:
    """Ours is what works in the copy or names it; a process without a command line is dead and only not yet buried."""
    words = command(pid)
    try:
        return bool(words) and (
            str(home) in words or Path(f"/proc/{pid}/cwd").readlink().is_relative_to(home)
        )
    except OSError:
        return False


@pytest.fixture
def start(copy: Path) -> Iterator[Callable[[], Product]]:
    started: list[Product] = []

    def start_one() -> Product:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            started.append(Product(copy, probe.getsockname()[1]))
        return started[-1]

    yield start_one
    for product in started:
        product.parent.kill()
        product.nothing_is_left_within(10)
        product.parent.communicate()


def test_it_answers_when_it_says_so_and_ctrl_c_ends_all_of_it(start):
    product = start()
    said = product.wait_for("callcrm is ready:")
    assert f"callcrm is ready: http://127.0.0.1:{product.port}" in said
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", product.port, timeout=10)) as connection:
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
    os.kill(product.supervisor, signal.SIGINT)
    assert "false" not in product.last_words()
    product.nothing_is_left_within(1)


def test_when_it_is_killed_its_children_end(start):
    product = start()
    product.wait_for("callcrm is ready:")
    for part in ("gunicorn", "procrastinate", "postgres"):
        assert product.one(part)
    os.kill(product.supervisor, signal.SIGKILL)
    product.nothing_is_left_within(2)


def test_when_make_is_killed_all_of_it_ends(start):
    product = start()
    product.wait_for("callcrm is ready:")
    product.parent.kill()
    product.nothing_is_left_within(2)


def test_a_worker_that_dies_is_started_again(start):
    product = start()
    product.wait_for("callcrm is ready:")
    first = product.one("procrastinate")
    os.kill(first, signal.SIGKILL)
    product.wait_for("The worker ended with status -9 and is started again.")
    deadline = time.monotonic() + 20
    while first in product.processes() or not any(
        "procrastinate" in command(pid) for pid in product.processes()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_web_process_that_dies_takes_the_others_along_and_is_named(start):
    product = start()
    product.wait_for("callcrm is ready:")
    os.kill(product.one("gunicorn"), signal.SIGKILL)
    said = product.last_words()
    assert "The web process ended with status -9, so everything is stopped." in said
    assert said.endswith("false")
    product.nothing_is_left_within(1)


def test_a_held_port_is_one_sentence_and_nothing_is_started(copy):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        make = ["make", "--old-file=setup", "run", f"PORT={port}"]  # the environment is there already
        done = subprocess.run(
            make, cwd=copy, env=PLAIN, capture_output=True, text=True, timeout=20, check=False
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"Port {port} is held by another program; choose another with PORT=….\n"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_one_sentence(copy, port):
    run = [".venv/bin/python", "-m", "callcrm.lib.supervise"]
    done = subprocess.run(
        run, cwd=copy, env={**PLAIN, "PORT": port}, capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (1, "PORT must be a number from 1 to 65535.\n")
