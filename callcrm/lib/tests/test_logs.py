"""One record is one line, nothing personal passes, and no log stops a request."""

import datetime
import json
import logging
import logging.config
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcrm.lib import context, logs

CANARIES = ["+15555550142", "5555550142", "jo.doe@example.com", "hunter2secret"]
SAID = "call +15555550142 of jo.doe@example.com with password=hunter2secret"


def record(message, *args, name="somebody.else", level=logging.ERROR, exc_info=None, **extra):
    made = logging.LogRecord(name, level, __file__, 1, message, args, exc_info)
    made.__dict__.update(extra)
    return made


def written(message, *args, **more):
    line = logs.Line().format(record(message, *args, **more))
    assert not any(canary in line for canary in CANARIES)
    return json.loads(line)


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """The real LOGGING, with what is printed read back from the developer's file."""
    monkeypatch.setattr(logging.root, "handlers", [])
    before = {name: (one.level, one.propagate, one.handlers[:]) for name, one in _loggers().items()}
    root_level = logging.root.level
    logging.config.dictConfig(logs.config(tmp_path, app_file=True))
    yield lambda prefix: read(tmp_path, prefix)
    for handler in logging.root.handlers:
        handler.close()
    for name, one in _loggers().items():
        level, propagate, handlers = before.get(name, (logging.NOTSET, True, []))
        for handler in set(one.handlers) - set(handlers):
            handler.close()
        one.setLevel(level)
        one.propagate, one.handlers = propagate, handlers
    logging.root.setLevel(root_level)


def read(folder, prefix):
    lines = [line for path in folder.glob(f"{prefix}-*.log") for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]


def _loggers():
    return {
        name: one for name, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)
    }


@pytest.mark.parametrize(
    "name", ["django.request", "procrastinate.worker", "axes", "gunicorn.error", "py.warnings"]
)
def test_other_libraries_records_are_redacted_too(name):
    assert written("%s", SAID, name=name)["logger"] == name


def test_extras_of_other_libraries_are_left_out():
    assert "job" not in written("Starting job", name="procrastinate.worker", job={"args": SAID})


def test_fields_of_a_plain_logger_are_kept_and_redacted():
    line = written(
        "lead.revealed", name=logs.SECURITY, fields={"actor": "member:x", "found": SAID, "event": "other"}
    )
    assert (line["event"], line["actor"], line["v"]) == ("lead.revealed", "member:x", 1)


def test_attacks_that_django_notices_are_in_the_security_log(configured):
    logging.getLogger("django.security.DisallowedHost").error("bad host", extra={"status_code": 400})
    assert [line["event"] for line in configured("security")] == ["security.DisallowedHost: answered 400"]


def test_our_own_events_are_redacted(configured):
    logs.get("callcrm.test").warning("found " + SAID, found=SAID, deep={"x": [SAID]}, number=5555550142)
    [line] = configured("app")
    assert not any(canary in json.dumps(line) for canary in CANARIES)


def test_a_traceback_has_places_and_classes_but_no_values():
    secret = SAID
    try:
        try:
            int(secret)
        except ValueError as inner:
            raise RuntimeError(f"failed for {secret}") from inner
    except RuntimeError:
        line = written("broken", exc_info=sys.exc_info())
    assert [one["class"] for one in line["exception"]] == ["RuntimeError", "ValueError"]
    assert "test_logs.py" in line["exception"][0]["at"][0]


def test_exc_info_of_our_own_logger_is_described_too(configured):
    try:
        int(SAID)
    except ValueError:
        logs.get("callcrm.test").exception("broken")
    [line] = configured("app")
    assert line["exception"][0]["class"] == "ValueError"
    assert not any(canary in json.dumps(line) for canary in CANARIES)


def test_djangos_raw_paths_are_not_repeated():
    line = written("Not Found: %s", "/leads/john-smith/", name="django.request", status_code=404)
    assert line["event"] == "request: answered 404"


def test_a_line_names_its_request():
    token = context.request_id.set("abcdef12-3456")
    try:
        assert written("hello")["request_id"] == "abcdef12-3456"
    finally:
        context.request_id.reset(token)


def test_a_record_that_cannot_be_formatted_is_still_one_line():
    assert written("%d apples", "two")["reason"] == "TypeError"


@given(st.lists(st.text(max_size=60), min_size=100, max_size=100))
@settings(max_examples=100, deadline=None)
def test_ten_thousand_strings_make_ten_thousand_lines(texts):
    lines = [logs.Line().format(record("said %s", text, name=text or "x")) for text in texts]
    whole = "\n".join(lines)
    assert len(whole.splitlines()) == len(texts)
    assert all(0x20 <= ord(sign) < 0x7F for line in lines for sign in line)


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\x1b[31m", "\u202e", "\u2066", "\u2028", "\x85", "\x7f", "\x00", "\ud800"]
)
def test_no_sign_moves_the_readers_cursor(sign):
    line = logs.Line().format(record(f"before{sign}after", name=f"n{sign}"))
    assert line.isascii()
    assert line.isprintable()
    json.loads(line)


def test_the_security_log_has_its_own_file_of_the_day(configured):
    logs.security("auth.login_failed", outcome="denied", actor={"type": "user", "id": "x"}, reason="password")
    [line] = configured("security")
    assert (line["event"], line["outcome"], line["v"]) == ("auth.login_failed", "denied", 1)
    assert line["ts"].startswith(datetime.datetime.now(datetime.UTC).date().isoformat())


def test_statements_of_the_database_are_not_written(configured):
    logging.getLogger("django.db.backends").debug("SELECT %s", SAID)
    assert configured("app") == []


def test_old_files_go_and_others_stay(tmp_path):
    today = datetime.datetime.now(datetime.UTC).date()
    for days in (0, 90, 91, 400):
        (tmp_path / f"security-{today - datetime.timedelta(days=days)}.log").write_text("x\n")
    (tmp_path / "security-notes.log").write_text("x")
    handler = logs.DailyFile(tmp_path, "security", 90)
    handler.handle(record("hello"))
    handler.close()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [
        f"security-{today - datetime.timedelta(days=90)}.log",
        f"security-{today}.log",
        "security-notes.log",
    ]


def test_a_new_day_is_a_new_file(tmp_path):
    handler = logs.DailyFile(tmp_path, "app", 14)
    for moment in (1_700_000_000, 1_700_000_000 + 86_400):
        made = record("hello")
        made.created = moment
        handler.handle(made)
    handler.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_file_is_for_its_owner_alone(tmp_path):
    handler = logs.DailyFile(tmp_path / "new", "security", 90)
    handler.handle(record("hello"))
    handler.close()
    [path] = (tmp_path / "new").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_stops_nothing_and_tells_nothing(tmp_path, capsys):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    handler = logs.DailyFile(blocked, "security", 90)
    handler.handle(record(SAID))
    told = capsys.readouterr().err
    assert "lost" in told
    assert not any(canary in told for canary in CANARIES)


def test_three_processes_lose_no_line(tmp_path):
    script = textwrap.dedent("""
        import logging, sys
        from callcrm.lib import logs
        handler = logs.DailyFile(sys.argv[1], "many", 9)
        handler.setFormatter(logs.Line())
        log = logging.getLogger("many"); log.addHandler(handler); log.setLevel(10); log.propagate = False
        for number in range(1000):
            log.info("process %s line %s %s", sys.argv[2], number, "x" * 200)
    """)
    root = str(Path(logs.__file__).parents[2])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), name], env={**os.environ, "PYTHONPATH": root}
        )
        for name in "abc"
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    lines = read(tmp_path, "many")
    assert len(lines) == 3000
    assert len({line["event"] for line in lines}) == 3000


def test_commands_keep_standard_output_for_themselves(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["manage.py", "create_business"])
    logs.Stream().handle(record("hello"))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "hello" in printed.err
    monkeypatch.setattr(sys, "argv", ["/srv/.venv/bin/gunicorn", "callcrm.asgi:application"])
    logs.Stream().handle(record("hello"))
    assert "hello" in capsys.readouterr().out
