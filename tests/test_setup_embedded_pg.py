"""The embedded PostgreSQL starts, joins, survives killing and tells nobody anything."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from callcrm.lib import embedded_pg
from callcrm.lib.embedded_pg import Account, EmbeddedPg, EmbeddedPgError

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.gettempdir()) / f"callcrm-test-{secrets.token_hex(6)}"
    yield path
    EmbeddedPg(path, durable=False).remove()


def ask(server: EmbeddedPg, question: LiteralString) -> object:
    with psycopg.connect(server.url()) as connection:
        cursor = connection.execute(question)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def another_process(home: Path, then: str = "sys.stdin.read(); server.leave()") -> "subprocess.Popen[str]":
    """Start or join in a process of its own, tell its server's pid, and stay until told to go."""
    program = (
        "import sys; from pathlib import Path; from callcrm.lib.embedded_pg import EmbeddedPg\n"
        f"server = EmbeddedPg(Path({str(home)!r}), durable=False).start()\n"
        f"print(server.pid, flush=True)\n{then}"
    )
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdin=pipe, stdout=pipe, text=True)


def pid_said_by(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def send_away(process: "subprocess.Popen[str]") -> None:
    process.communicate("", timeout=30)


def test_it_starts_and_keeps_what_it_was_given(home):
    server = EmbeddedPg(home, durable=False).start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS number")
    server.leave()
    assert server.pid is None
    assert ask(EmbeddedPg(home, durable=False).start(), "SELECT number FROM kept") == 7


def test_its_folders_are_closed_to_others_and_it_listens_on_no_port(home):
    server = EmbeddedPg(home, durable=False).start()
    assert [p.stat().st_mode & 0o777 for p in (server.home, server.data, server.socket_folder)] == [0o700] * 3
    assert (server.home / "password").stat().st_mode & 0o777 == 0o600
    assert ask(server, "SHOW listen_addresses") == ""
    assert ask(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0


def test_sorting_is_the_same_on_every_machine(home):
    server = EmbeddedPg(home, durable=False).start()
    assert (
        ask(server, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'callcrm'")
        == "bC.UTF-8"
    )
    assert ask(server, "SELECT upper('ärger')") == "ÄRGER"


def test_its_log_holds_no_row_and_no_statement(home):
    server = EmbeddedPg(home, durable=False).start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE people (phone text PRIMARY KEY); INSERT INTO people VALUES ('+12125550142')"
        )
        for broken in ("INSERT INTO people VALUES ('+12125550142')", "SELECT '+12125550142x'::int"):
            with pytest.raises(psycopg.Error):
                connection.execute(broken)
    assert "5550142" not in server.log.read_text()


def test_a_second_process_joins_and_the_last_one_out_stops_it(home):
    first, second = another_process(home), another_process(home)
    pid = pid_said_by(first)
    assert pid_said_by(second) == pid
    send_away(first)
    server = EmbeddedPg(home, durable=False)
    assert server.pid == pid
    send_away(second)
    assert server.pid is None


def test_a_user_that_was_killed_does_not_keep_it_running(home):
    killed, last = another_process(home), another_process(home)
    pid_said_by(killed), pid_said_by(last)
    killed.kill()
    killed.communicate()
    send_away(last)
    assert EmbeddedPg(home, durable=False).pid is None


def test_it_recovers_from_a_killed_server(home):
    server = EmbeddedPg(home).start()  # durable: what was committed must be there
    ask(server, "CREATE TABLE kept AS SELECT 7 AS number")
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert ask(EmbeddedPg(home).start(), "SELECT number FROM kept") == 7


def test_it_is_not_fooled_by_a_pid_that_now_belongs_to_another_program(home):
    server = EmbeddedPg(home, durable=False).start()
    server.leave()
    stale = "\n".join(
        [str(os.getpid()), str(server.data), "1700000000", "5432", str(server.socket_folder), "", ""]
    )
    (server.data / "postmaster.pid").write_text(stale)
    assert server.pid is None
    assert ask(EmbeddedPg(home, durable=False).start(), "SELECT 1") == 1


def test_a_first_start_that_was_cut_short_is_begun_anew(home):
    server = EmbeddedPg(home, durable=False)
    (server.home / "data.new").mkdir(parents=True, mode=0o700)
    (server.home / "data.new" / "PG_VERSION").write_text("18")
    for path in (server.home, server.home / "data.new"):
        path.chmod(0o700)
        os.chown(path, server.account.uid, server.account.gid)
    assert ask(server.start(), "SELECT 1") == 1


def test_a_path_that_is_too_long_for_a_socket_does_not_matter(home):
    server = EmbeddedPg(home / ("deep" * 25), durable=False)
    assert server.socket_folder.parent == Path(tempfile.gettempdir())
    try:
        assert ask(server.start(), "SELECT 1") == 1
    finally:
        server.remove()
    assert not server.socket_folder.exists()


def test_a_folder_that_somebody_else_made_is_refused(home):
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    with pytest.raises(EmbeddedPgError, match="open to others"):
        EmbeddedPg(home, durable=False).start()
    home.rmdir()


def test_the_wheels_own_launcher_is_never_imported():
    program = (
        "import sys; from callcrm.lib.embedded_pg import WHEEL, Account, binaries; "
        "binaries(Account.choose()); sys.exit(WHEEL in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
class TestAsRoot:
    def test_the_server_does_not_run_as_root(self, home):
        server = EmbeddedPg(home, durable=False).start()
        assert Path(f"/proc/{server.pid}").stat().st_uid == Account.choose().uid != 0

    def test_below_a_closed_folder_data_and_binaries_move_to_the_refuge(self, tmp_path, monkeypatch):
        monkeypatch.setattr(embedded_pg, "PROJECT", tmp_path)  # its refuge is this test's alone
        tmp_path.chmod(0o700)
        server = EmbeddedPg(tmp_path / "var" / "postgres", durable=False)
        monkeypatch.setattr(Account, "can_run", lambda *_: False)  # as if the wheel were below the folder too
        try:
            assert ask(server.start(), "SELECT 1") == 1
            refuge = embedded_pg.refuge()
            assert server.moved_to == server.home
            assert server.home.is_relative_to(refuge)
            assert server.bin.is_relative_to(refuge)
            assert refuge.stat().st_mode & 0o777 == 0o700
            assert tmp_path.stat().st_mode & 0o777 == 0o700
            assert not (tmp_path / "var").exists()
        finally:
            server.remove()
            subprocess.run(["rm", "-rf", str(embedded_pg.refuge())], check=True)
