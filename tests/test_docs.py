"""The documents speak of what exists: commands, files, settings, fields and rights are compared with the code."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from accounts.permissions import GRANTS, VISITOR_GRANTS, Permission, Role
from callcrm.lib.crypto.fields import SealedText
from callcrm.middleware.headers import HEADERS
from telephony.models import Outcome
from telephony.providers import PROVIDERS
from telephony.providers.base import CallState, MessageState

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "audit", "callcrm", "exports", "leads", "recordings", "telephony", "webhooks")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]

CODE = re.compile(r"`([^`\n]+)`|^(?:    )+(.+)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?:[^`\n]|(?<=\\)\n)*)")  # a line may go on after a backslash
TARGET = re.compile(r"\bmake ([a-z]+)")
ENDINGS = "py|md|txt|in|toml|html|css|js|png|example"
PATH = re.compile(rf"(?<![\w./*-])((?:\.?[\w-]+/)*\.?[\w-]+\.(?:{ENDINGS}))(?![\w./*-])")
FOLDER = re.compile(
    rf"(?<![\w./*-])((?:{'|'.join([*APPS, 'docs', 'templates', 'tests', 'static'])})/[\w./-]+)"
)
VARIABLE = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])")
# Of others: what commands, tools and PostgreSQL read, and placeholders in usage.
NOT_SETTINGS = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "CALLCRM_PASSWORD", "CALLCRM_SECRET", "RECEIPT_ID", "WEB_CONCURRENCY", "ATOMIC_REQUESTS", "CONTENT_SECURITY_POLICY",
}  # fmt: skip

each = pytest.mark.parametrize("name", NAMES)


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text()


def code(name: str) -> Iterator[str]:
    """What stands in code font or in an indented block, line by line."""
    for inline, block in CODE.findall(text(name)):
        yield inline or block


@cache
def settings() -> set[str]:
    return set(re.findall(r"^#([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def anchors(path: Path) -> set[str]:
    """The anchors of the headings, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each
def test_every_command_that_is_named_exists_with_its_options(name):
    for command, rest in COMMAND.findall(text(name)):
        assert command in get_commands(), command
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", rest)) <= known | {"--json"}, (command, rest)


@each
def test_every_target_of_make_that_is_named_exists(name):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {target for piece in code(name) for target in TARGET.findall(piece)}
    assert named <= set(targets)


@each
def test_every_file_that_is_named_exists(name):
    for piece in code(name):
        for path in PATH.findall(piece) + FOLDER.findall(piece):
            found = (ROOT / path).exists() or next(ROOT.glob(f"[a-z]*/**/{path}"), None)
            assert found or "YYYY" in path or path in {"pages.py", "events.py", "urls.py", "tasks.py"}, path


@each
def test_every_setting_that_is_named_exists(name):
    named = {word for piece in code(name) for word in VARIABLE.findall(piece)}
    assert named - NOT_SETTINGS <= settings()


@each
def test_every_link_leads_somewhere(name):
    for link in LINK.findall(text(name)):
        assert not link.startswith("http"), "documents lead nowhere else"
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each
def test_every_code_span_is_closed(name):
    for paragraph in re.split(r"\n\s*\n", text(name)):
        assert paragraph.count("`") % 2 == 0, paragraph[:80]


# --- Tables that say the same as the code


def rows(name: str, heading: str) -> list[list[str]]:
    """The table below a heading: its rows without the first, cell by cell, without marks."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text(name), flags=re.MULTILINE)[1]
    lines = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table[2:]]


def our_models() -> list[str]:
    labels = [model._meta.label for model in apps.get_models() if model._meta.app_label in APPS]
    assert len(labels) > 10
    return labels


@pytest.mark.parametrize("label", our_models())
def test_the_data_map_has_every_field(label):
    fields = [field.name for field in apps.get_model(label)._meta.concrete_fields]
    assert sorted(row[0] for row in rows("docs/data-map.md", f"`{label}`")) == sorted(fields)


@pytest.mark.parametrize("label", our_models())
def test_the_data_map_calls_sealed_what_is_sealed_and_nothing_else(label):
    sealed = {
        field.name for field in apps.get_model(label)._meta.concrete_fields if isinstance(field, SealedText)
    }
    said = {row[0] for row in rows("docs/data-map.md", f"`{label}`") if row[2] == "sealed"}
    assert said == (sealed or ({"sealed"} if label == "webhooks.Receipt" else set()))


def test_the_data_map_has_no_other_model():
    assert set(re.findall(r"^### `(.+)`$", text("docs/data-map.md"), re.MULTILINE)) == set(our_models())


def test_the_roles_are_those_of_the_code():
    holders = [*(GRANTS[role] for role in Role.values), VISITOR_GRANTS]
    table = [
        [right, *("yes" if right in held else "no" for held in holders)] for right in map(str, Permission)
    ]
    assert rows("SECURITY.md", "Roles") == table


def test_the_headers_are_those_of_the_code():
    said = {row[0] for row in rows("SECURITY.md", "Headers")}
    assert said == {*HEADERS, "Content-Security-Policy", "Strict-Transport-Security", "Cache-Control"}


def test_the_states_of_a_call_are_those_of_the_code():
    assert [row[1] for row in rows("docs/calls.md", "State")] == [str(state) for state in CallState]


def test_the_outcomes_and_the_states_of_texts_are_those_of_the_code():
    assert {row[0] for row in rows("docs/calls.md", "Outcome")} | {"blocked"} == set(Outcome.values)
    section = text("docs/calls.md").partition("## Texts")[2].partition("## ")[0]
    states = [word for word in re.findall(r"`([a-z]+)`", section) if word in set(MessageState)]
    assert list(dict.fromkeys(states)) == [str(state) for state in MessageState]


def test_the_commands_of_callcrm_and_their_providers_stand_in_the_readme():
    ours = {name for name, app in get_commands().items() if str(app).split(".")[0] in APPS}
    assert ours <= {command for command, _ in COMMAND.findall(text("README.md"))}
    [connect] = [row for row in rows("README.md", "Commands") if "connect_provider" in row[0]]
    assert set(PROVIDERS) == set(re.findall(r"`([a-z]+)`", connect[1].partition("PROVIDER:")[2] + "`"))


def test_decisions_are_numbered_without_a_gap_and_say_context_decision_and_consequences():
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        words = re.findall(r"^\*\*(\w+)\.\*\*", path.read_text(), re.MULTILINE)
        assert words == ["Context", "Decision", "Consequences"], path.name
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name
