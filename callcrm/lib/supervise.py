"""`make run`: one parent over the database, the web process and the worker.

It prepares everything, tells when callcrm answers, and stops all of it together: on Ctrl-C, when a child
dies, and when make (whose child it is) goes away. When it is killed itself, a guard that was forked first
ends the children. Of their output it keeps the end, for the message when one dies; the rest is `var/logs`.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import environ

from callcrm.lib import prepared
from callcrm.lib.embedded_pg import HOME, PROJECT, EmbeddedPg, EmbeddedPgError

HOST = "127.0.0.1"
READY_WITHIN = 60.0
POLITE = 6.0  # seconds that children get to finish what they do after Ctrl-C
HURRIED = 0.5  # the same when our parent is gone
LAST_WORDS = 15
WORKER = "worker"
MOST_DEATHS, DEATHS_WITHIN = 5, 60.0  # seconds; a worker that dies more often cannot live
BIN = Path(sys.executable).parent
PORT_FILE = PROJECT / "var" / "port"
DEMO = PROJECT / "var" / "demo.json"
MANAGE = (sys.executable, str(PROJECT / "manage.py"))


class Stopped(Exception):
    """We are to end; the message, if there is one, says why and makes the exit status 1."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Guard:
    """A process that waits for us to vanish and then ends what we started.

    It lives in a session of its own, so that what is thrown at our process group does not reach it.
    """

    def __init__(self) -> None:
        ears, self.mouth = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.mouth)
            os.setsid()
            self._wait_and_end(ears)
        os.close(ears)

    def watch(self, pid: int) -> None:
        """Name a process group to be ended with us; with a minus, PostgreSQL's one process."""
        os.write(self.mouth, f"{pid}\n".encode())

    def dismiss(self) -> None:
        os.write(self.mouth, b"done\n")
        os.close(self.mouth)
        os.waitpid(self.pid, 0)

    @staticmethod
    def _wait_and_end(ears: int) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with os.fdopen(ears) as heard:
            words = heard.read().split()
        if "done" not in words:
            pids = [int(word) for word in words]
            _signal_all(pids, signal.SIGTERM, signal.SIGINT)
            time.sleep(HURRIED)
            _signal_all(pids, signal.SIGKILL, signal.SIGQUIT)
        os._exit(0)


def _signal_all(pids: Sequence[int], to_groups: signal.Signals, to_server: signal.Signals) -> None:
    for pid in pids:
        try:
            os.killpg(pid, to_groups) if pid > 0 else os.kill(-pid, to_server)
        except ProcessLookupError:
            continue


class Child:
    """A process in a group of its own, whose last words we remember."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.words: deque[str] = deque(maxlen=LAST_WORDS)
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        # Somebody must read what it writes, or it would stop at a full pipe.
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.words.append(line.rstrip())

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def obituary(self) -> str:
        self.reader.join(1)
        words = "".join(f"\n    {word}" for word in self.words)
        return (
            f"The {self.name} ended with status {self.process.returncode}, so everything is stopped.{words}"
        )


class Run:
    def __init__(self, port: int, *, parent: int | None) -> None:
        self.port = port
        self.parent = parent
        self.address = f"http://{HOST}:{port}"
        self.children: list[Child] = []
        self.server: EmbeddedPg | None = None
        self.interrupts = 0
        self.deaths: list[float] = []
        self.guard = Guard()

    # --- up

    def up(self) -> None:
        self._start_database()
        self._prepare()
        bind = ("--bind", f"{HOST}:{self.port}", "--graceful-timeout", "3")
        self._spawn("web process", str(BIN / "gunicorn"), "callcrm.asgi:application", *bind)
        self._spawn_worker()
        self._await_answer()
        self._tell()

    def _start_database(self) -> None:
        if os.environ.get("DATABASE_URL") or os.environ.get("ENVIRONMENT") == "production":
            return
        self.server = EmbeddedPg(HOME).start()
        os.environ["DATABASE_URL"] = self.server.url()
        if self.server.started_here and self.server.pid:
            self.guard.watch(-self.server.pid)
        if self.server.moved_to:
            say(f"The database lies in {self.server.moved_to}.")

    def _prepare(self) -> None:
        if self.server and DEMO.exists() and prepared.is_noted(self.server):
            return
        self._finish(self._spawn("migration", *MANAGE, "migrate", "--no-input", "--verbosity", "0"))
        if os.environ.get("ENVIRONMENT") != "production":
            self._finish(self._spawn("demo", *MANAGE, "demo"))
        if self.server:
            prepared.note(self.server)

    def _spawn(self, name: str, *command: str) -> Child:
        child = Child(name, command)
        self.children.append(child)
        self.guard.watch(child.process.pid)
        return child

    def _finish(self, child: Child) -> None:
        while not child.ended:
            self._breathe()
        if child.process.returncode:
            raise Stopped(child.obituary())
        self.children.remove(child)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not answers(self.port):
            self._check_children()
            self._breathe()
            if time.monotonic() > deadline:
                raise Stopped(f"callcrm does not answer at {self.address}; see var/logs.")

    def _tell(self) -> None:
        PORT_FILE.write_text(str(self.port))  # commands beside us speak to this product (callcrm.lib.env)
        say(f"callcrm is ready: {self.address}")
        for user in _demo_users():
            say(f"  log in as {user['email']} password {user['password']}  ({user['role']})")

    # --- staying

    def stay(self) -> NoReturn:
        while True:
            self._revive_worker()
            self._check_children()
            if self.server and self.server.started_here and self.server.pid is None:
                raise Stopped("The database ended, so everything is stopped.")
            self._breathe()

    def _revive_worker(self) -> None:
        """A worker that ended (its database was away, say) is started again; one that cannot live ends everything."""
        for child in [child for child in self.children if child.name == WORKER and child.ended]:
            self.deaths = [at for at in self.deaths if at > time.monotonic() - DEATHS_WITHIN] + [
                time.monotonic()
            ]
            if len(self.deaths) > MOST_DEATHS:
                return
            say(f"The worker ended with status {child.process.returncode} and is started again.")
            self.children.remove(child)
            self._spawn_worker()

    def _spawn_worker(self) -> None:
        self._spawn(WORKER, *MANAGE, "procrastinate", "worker", "--concurrency", "4")

    def _check_children(self) -> None:
        for child in self.children:
            if child.ended:
                raise Stopped(child.obituary())

    def _breathe(self) -> None:
        time.sleep(0.1)
        if self.interrupts or self._parent_is_gone:
            raise Stopped

    @property
    def _parent_is_gone(self) -> bool:
        return self.parent is not None and os.getppid() != self.parent

    def interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupts += 1

    # --- down

    def down(self) -> None:
        """End the children, politely unless our parent is gone or we are asked twice; then the database."""
        groups = [child.process.pid for child in self.children]
        _signal_all(groups, signal.SIGTERM, signal.SIGINT)
        began = time.monotonic()
        while not all(child.ended for child in self.children):
            hurry = self._parent_is_gone or self.interrupts > 1
            if time.monotonic() > began + (HURRIED if hurry else POLITE):
                break
            time.sleep(0.05)
        _signal_all(groups, signal.SIGKILL, signal.SIGKILL)
        if self.server:
            self.server.stop() if self.server.started_here else self.server.leave()
        self.guard.dismiss()


def answers(port: int) -> bool:
    """Return whether callcrm serves on the port of this machine."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _demo_users() -> list[dict[str, str]]:
    try:
        users: list[dict[str, str]] = json.loads(DEMO.read_text())["users"]
    except (OSError, ValueError, KeyError):
        return []
    return users


def free_port() -> int:
    """Return the port we are to have. Raises Stopped when it is no port or somebody holds it."""
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise Stopped("PORT must be a number from 1 to 65535.")
    with socket.socket() as probe:
        # Past closed connections, as the server does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(given)))
        except OSError:
            raise Stopped(f"Port {given} is held by another program; choose another with PORT=….") from None
    return int(given)


def supervise(parent: int | None) -> None:
    """Run until something ends it. Raises Stopped or EmbeddedPgError."""
    if (PROJECT / ".env").exists():
        environ.Env.read_env(PROJECT / ".env")
    port = free_port()
    os.environ["PORT"] = str(port)  # our children take it from here, and not from what served last
    run = Run(port, parent=parent)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, run.interrupted)
    try:
        run.up()
        run.stay()
    finally:
        run.down()


def main(arguments: Sequence[str]) -> int:
    """Return 0 when we were asked to stop, 1 with a sentence otherwise.

    With `--for-make FILE` it ends with make, returns 0 and leaves the word `false` in the file instead: make
    would print lines of its own and turn every status into 2.
    """
    for_make = Path(arguments[1]) if arguments[:1] == ["--for-make"] else None
    if for_make:
        for_make.unlink(missing_ok=True)
    try:
        supervise(os.getppid() if for_make else None)
    except (Stopped, EmbeddedPgError) as end:
        if not str(end):
            return 0
        sys.stderr.write(f"{end}\n")
        if not for_make:
            return 1
        for_make.parent.mkdir(exist_ok=True)
        for_make.write_text("false")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
