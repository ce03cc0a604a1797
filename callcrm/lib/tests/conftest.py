"""The table of persons, made by its owner for one transaction."""

import pytest
from django.apps import apps
from django.db import connection

from callcrm.lib.tests.person import EMAIL, NAME, NOTE, PHONE, Person


@pytest.fixture
def table(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application's role may not make tables, so their owner does; the transaction takes it away."""
    monkeypatch.setitem(apps.all_models["callcrm"], "person", Person)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
    with connection.schema_editor() as editor:
        editor.create_model(Person)


@pytest.fixture
def ada(table: None) -> Person:
    return Person.objects.create(name=NAME, phone=PHONE, email=EMAIL, note=NOTE, label="x")
