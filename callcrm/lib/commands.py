"""What callcrm's own commands have in common: one answer, one sentence for an error, nothing half done.

A command is `answer(options)`, which returns what there is to tell; it runs in one transaction. `--json` prints
that as one object on standard output and nothing else. Whatever goes wrong ends as a sentence on standard error
and exit status 1. Passwords and secrets come from the environment or a prompt: arguments stand in `ps` and in
the shell's history.
"""

import json
import logging
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction

from callcrm.errors import Refused
from callcrm.lib import logs, redaction

OUT_OF_REACH = (
    "The database cannot be reached, was never set up by `manage.py migrate`, or its login may not become "
    "DATABASE_ROLE (see .env.example)."
)
NOT_SET_UP = "The database is not set up: run `manage.py migrate` first."
_NO_TABLE, _NO_ROLE = "42P01", "22023"


class Command(BaseCommand):
    """Base of callcrm's commands."""

    requires_system_checks: list[str] = []  # they are asked at the start of the web and in `make test`

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.called_from_command_line = False  # a wrong argument is a CommandError too, not a page of usage
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        _log_to_files_alone()
        try:
            super().run_from_argv([*argv[:2], "--traceback", *argv[2:]])  # hand errors on, unprinted
        except CommandError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(1)

    def handle(self, *args: Any, **options: Any) -> None:
        with one_sentence():
            answer = self.run(options)
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(_lines(answer)))

    def run(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Do it, all or nothing. A command whose steps each stand for themselves overrides this."""
        with transaction.atomic():
            return self.answer(options)

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what can go wrong into a CommandError of one sentence; a fault of ours stays what it is."""
    try:
        yield
    except Refused as error:
        is_bare = error.message == error.default_message
        raise CommandError((is_bare and _of_fields(error.fields)) or error.message) from None
    except ValidationError as error:
        fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        raise CommandError(_of_fields(fields)) from None
    except DatabaseError as error:
        raise CommandError(_of_database(error)) from None
    except InterfaceError:
        raise CommandError(OUT_OF_REACH) from None
    except KeyboardInterrupt:
        raise CommandError("Stopped; nothing was changed.") from None


def ask_secret(variable: str, prompt: str) -> str:
    """Return what the environment holds, or what is typed twice without being shown. Raises CommandError."""
    given = os.environ.get(variable, "")
    if given:
        return given
    if not sys.stdin.isatty():
        raise CommandError(f"Set {variable}, or run this in a terminal to be asked.")
    typed = getpass(f"{prompt}: ")
    if typed != getpass(f"{prompt}, once more: "):
        raise CommandError("The two were not the same.")
    return typed


def add_slug(parser: ArgumentParser) -> None:
    parser.add_argument("slug", metavar="SLUG", help="the business, as its pages' addresses name it")


def _log_to_files_alone() -> None:
    """Whoever calls a command reads what it prints, and its errors: log lines between them help nobody."""
    for logger in (logging.root, logging.getLogger(logs.SECURITY)):
        for handler in [one for one in logger.handlers if isinstance(one, logs.Stream)]:
            logger.removeHandler(handler)
        logger.addHandler(logging.NullHandler())  # without any handler, Python prints warnings itself


def _of_fields(fields: Mapping[str, list[str]]) -> str:
    shown = {"" if name in ("__all__", "non_field_errors") else name: texts for name, texts in fields.items()}
    return " ".join(f"{name}: {text}" if name else text for name, texts in shown.items() for text in texts)


def _of_database(error: DatabaseError) -> str:
    state = redaction.sqlstate(error)
    if state in (_NO_TABLE, _NO_ROLE) or "does not exist" in str(error):
        return NOT_SET_UP
    if isinstance(error, OperationalError):
        return OUT_OF_REACH
    if isinstance(error, IntegrityError):
        return "Something of this exists already."
    return f"The database refused this (SQLSTATE {state})."


def _lines(answer: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in answer.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{before}{name}.")
        else:
            yield f"{before}{name}: {value}"
