"""One world for all tests of a file, in a transaction around those that each test rolls back.

Making a world takes longer than most tests of it. Each test gets a copy of what it looks at, and what it writes is
rolled back to the world as it was made. Tests that commit, or that need no world, have the tables as they were before.
"""

import copy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from pytest_django.plugin import blocking_manager_key

if TYPE_CHECKING:
    from callcrm.testing import World


class Lasting:
    """The world of the file whose tests are run, if they share one."""

    def __init__(self) -> None:
        self.file: Path | None = None

    def follow(self, item: pytest.Item) -> None:
        """Begin or end it, as the test that comes next asks for it."""
        wanted = item.path if _shares(item) else None
        if self.file != wanted:
            with item.config.stash[blocking_manager_key].unblock():
                self.end()
                if wanted:
                    self.begin(wanted)

    def gives_way(self, item: pytest.Item) -> bool:
        """End it where it can be made anew for the test that comes next, and say whether it could."""
        if self.file == item.path and "lasting" in getattr(item, "fixturenames", ()):
            return False  # what the file has added to it is there once
        with item.config.stash[blocking_manager_key].unblock():
            self.end()
        return True

    def begin(self, file: Path) -> None:
        from callcrm.testing import make_world  # imports models; this file is read before Django is set up

        self.around = transaction.atomic()
        self.around.__enter__()
        self.world, self.file = make_world(), file
        connection.check_constraints()  # here, and not after every test again

    def end(self) -> None:
        """Roll it back. Without one there is nothing to do."""
        if self.file:
            self.file = None
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    def copy(self) -> "World | None":
        """Return it for one test, who may change what he is given; None where the test has to make its own."""
        return copy.deepcopy(self.world) if self.file else None


def _shares(item: pytest.Item) -> bool:
    asked, names = item.get_closest_marker("django_db"), set(getattr(item, "fixturenames", ()))
    commits = "transactional_db" in names or bool(asked and asked.kwargs.get("transaction"))
    return bool({"world", "lasting"} & names) and not commits
