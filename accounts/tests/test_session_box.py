"""What somebody typed is kept for a while, for his session, business and name alone, and the newest stay."""

from datetime import timedelta
from time import time
from uuid import UUID

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.signed_cookies import SessionStore

from accounts import session_box
from accounts.session_box import MOST, SessionBox
from callcrm.testing import World

pytestmark = pytest.mark.django_db
BOX = SessionBox("typed", "typed.words")


@pytest.fixture
def session() -> SessionBase:
    return SessionStore()


@pytest.fixture
def acme(world: World) -> UUID:
    return world.acme.pk


def saved(session: SessionBase) -> None:
    """It is written down: what follows is another request."""
    session.modified = False


def is_to_be_written(session: SessionBase) -> bool:
    return session.modified


def test_what_was_put_is_read_under_its_name_in_its_business_and_its_place_alone(
    world: World, session: SessionBase, acme: UUID
) -> None:
    BOX.put(session, acme, "one", "Nora")
    session["elsewhere"] = session["typed"]
    session["typed"]["two"] = session["typed"]["one"]
    assert BOX.get(session, acme, "one") == "Nora"
    assert BOX.get(session, acme, "two") is None
    assert BOX.get(session, world.rival.pk, "one") is None
    assert SessionBox("elsewhere", "typed.words").get(session, acme, "one") is None
    assert SessionBox("typed", "other.words").get(session, acme, "one") is None
    assert "Nora" not in str(dict(session.items()))


def test_the_oldest_gives_way_and_what_is_put_again_is_the_newest(session: SessionBase, acme: UUID) -> None:
    names = [f"name {each}" for each in range(MOST)]
    for name in names:
        BOX.put(session, acme, name, name)
    BOX.put(session, acme, names[0], "again")
    assert list(session["typed"]) == [*names[1:], names[0]]
    BOX.put(session, acme, "new", "new")
    kept = {name: BOX.get(session, acme, name) for name in names}
    assert kept == {name: name for name in names} | {names[0]: "again", names[1]: None}


def test_reading_writes_the_session_only_where_something_is_over(
    session: SessionBase, acme: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    BOX.put(session, acme, "one", "Nora")
    saved(session)
    assert BOX.get(session, acme, "one") == "Nora"
    assert BOX.get(session, acme, "nothing") is None
    BOX.drop(session, "nothing")
    assert not is_to_be_written(session)
    later = time() + timedelta(minutes=15, seconds=1).total_seconds()
    monkeypatch.setattr(session_box, "time", lambda: later)
    assert BOX.get(session, acme, "one") is None
    assert session["typed"] == {}
    assert is_to_be_written(session)


def test_what_is_dropped_is_gone_and_the_others_stay(session: SessionBase, acme: UUID) -> None:
    BOX.put(session, acme, "one", "Nora")
    BOX.put(session, acme, "two", "Ira")
    saved(session)
    BOX.drop(session, "one")
    assert is_to_be_written(session)
    assert (BOX.get(session, acme, "one"), BOX.get(session, acme, "two")) == (None, "Ira")


def test_who_never_put_anything_has_nothing_written(session: SessionBase, acme: UUID) -> None:
    assert BOX.get(session, acme, "one") is None
    assert not is_to_be_written(session)
