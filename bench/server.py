"""The web process as `make run` starts it: gunicorn, its configuration file, one worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from bench.ground import Ground
from bench.report import say
from callcrm.lib.embedded_pg import PROJECT
from callcrm.lib.supervise import answers

ASGI = ("callcrm.asgi:application", "-k", "asgi")
THREADS = ("callcrm.wsgi:application", "-k", "gthread", "--threads", "8")
READY_WITHIN = 60.0


@contextmanager
def serving(ground: Ground, port: int, kind: Sequence[str] = ASGI) -> Iterator[None]:
    """Serve callcrm on a port for as long as the block runs; says the command."""
    command = ("gunicorn", *kind, "--workers", "1", "--bind", f"127.0.0.1:{port}")
    say(f"  serves: {' '.join(command)}")
    program = Path(sys.executable).with_name("gunicorn")
    words = ground.folder / f"server-{port}.txt"
    with words.open("wb") as output:
        process = subprocess.Popen(
            [str(program), *command[1:]], cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            _await_answer(process, port, words)
            yield
        finally:
            _end(process)


def _await_answer(process: subprocess.Popen[bytes], port: int, words: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server does not answer:\n{words.read_text()[-2000:]}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def versions(ground: Ground) -> str:
    """Return what runs, for the head of a report."""
    import django
    import psycopg

    with ground.owner() as connection:
        server = connection.info.server_version // 10_000
    made_of = f"PostgreSQL {server}, Python {sys.version.split()[0]}, Django {django.__version__}"
    driven_by = f"psycopg {psycopg.__version__}, gunicorn {version('gunicorn')}"
    return f"{made_of}, {driven_by}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
