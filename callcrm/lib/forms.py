"""Forms whose verbs may refuse: the refusal stands at the fields it names, or on top."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.db import transaction

from callcrm.errors import Refused

T = TypeVar("T")


class RefusableForm(forms.Form):
    """A form whose verb may refuse: the refusal stands at the fields it names, or on top."""

    def try_to(self, act: Callable[[], T]) -> T | None:
        """Do it and return what was done, or None when it was refused; then nothing of it remains."""
        try:
            with transaction.atomic():
                return act()
        except Refused as refused:
            self.take(refused)
            return None

    def does(self, act: Callable[[], object]) -> bool:
        """Try to do it and say whether it was done."""
        return self.try_to(lambda: (act(), True)) is not None

    def put(self, **values: str) -> None:
        """Let it hold other values than were sent, for when it is sent again."""
        self.data = {**dict(self.data.items()), **values}

    def take(self, refused: Refused) -> None:
        """Show a refusal where it belongs."""
        for name, texts in refused.fields.items():
            self.add_error(name if name in self.fields else None, texts)
        if not refused.fields:
            self.add_error(None, refused.message)
