"""What the code promises about itself: small pieces, named events, templates that parse and hold no script."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter
from uuid import UUID

import pytest
from django.template.loader import get_template

from audit.events import REGISTRY, Change

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "audit", "callcrm", "exports", "leads", "recordings", "telephony")
TEMPLATES = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
)
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|data:[a-z]+/", re.IGNORECASE
)
SAFE_FILTER = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off")
# What an event may hold: ids, names of fields, codes. A person's data is none of these (tests/test_leaks.py).
HELD = {UUID, UUID | None, str, bool, int, list[str], list[Change]}


def modules(*, tests: bool = False) -> list[Path]:
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return sorted(path for path in found if tests or "tests" not in path.parts)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def events() -> list[type]:
    return [event for _, event in sorted(REGISTRY.items()) if event.__module__.split(".")[0] in APPS]


# --- Files and functions


def test_no_file_is_longer_than_one_sitting():
    long = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in modules(tests=True)
        for function in functions(ast.parse(path.read_text()))
        if (function.end_lineno or 0) - function.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_every_module_opens_with_what_it_is_for():
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def unexplained(source: str) -> list[int]:
    """The lines that catch everything, give no reason, and do not raise it again."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and "#" not in lines[node.lineno - 1]
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]


def test_whoever_catches_everything_says_why():
    found = {path.relative_to(ROOT).as_posix(): unexplained(path.read_text()) for path in modules()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_search_finds_long_functions_and_silent_catches():
    [long] = functions(ast.parse("def f():\n" + "    x = 1\n" * 50))
    assert (long.end_lineno or 0) - long.lineno + 1 == 51
    catching = "try:\n    f()\nexcept Exception{}:\n    {}\n"
    assert unexplained(catching.format("", "pass")) == [3]
    assert unexplained(catching.format(" as error", "raise")) == []
    assert unexplained(catching.replace(":\n    {}", ":  # why\n    {}").format("", "pass")) == []


# --- Events


@pytest.mark.parametrize("event", events(), ids=lambda event: event.name)
def test_an_event_has_a_sentence_made_of_its_fields(event):
    own = {field.name: field.type for field in fields(event)}
    named = {name for _, name, _, _ in Formatter().parse(event.sentence) if name}
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", event.name), event.name
    assert named <= set(own)
    assert event.subject is None or own[event.subject] == UUID
    assert set(own.values()) <= HELD, "an event holds ids, names of fields, codes and changes of them"
    assert event.sentence[0].islower() or event.sentence[0] == "{", "it completes the name of who acts"


def test_every_event_happens_somewhere():
    text = "\n".join(path.read_text() for path in modules() if "events" not in (path.stem, path.parent.name))
    assert [event.__name__ for event in events() if f"{event.__name__}(" not in text] == []


# --- Templates


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_parses_and_holds_no_script_no_style_and_no_raw_text(name):
    source = (ROOT / "templates" / name).read_text()
    assert get_template(name)
    assert INLINE.findall(source) == []
    assert SAFE_FILTER.findall(source) == []


def test_every_template_is_used():
    """By a view, by another template, or by the status of an error."""
    sources = [*modules(), *(ROOT / "templates").rglob("*.html")]
    text = "\n".join(path.read_text() for path in sources)
    unused = [
        name for name in TEMPLATES if name not in text and not re.fullmatch(r"errors/\d{3}\.html", name)
    ]
    names = [name for name in unused if Path(name).stem not in text]
    assert names == []


def test_no_code_marks_text_as_safe_that_it_did_not_build():
    """`format_html` escapes what it is given; `mark_safe` believes it."""
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if re.search(r"\bmark_safe\(", path.read_text())
    }
    assert asking <= {"callcrm/lib/ui.py"}
