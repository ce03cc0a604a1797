"""The latest recording of a person can be listened to where he is looked at, and nothing of it is fetched before."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import now

from accounts import visits
from callcrm.testing import add_call, add_lead, add_superuser, assert_flat_queries, login
from recordings.listening import notes
from recordings.models import Playback, Recording

PAGES = ("/b/acme/desk/?lead={lead}", "/b/acme/leads/{lead}/")
pytestmark = pytest.mark.django_db


def add_recording(world, call, **values):
    fields = {"provider_id": "RE1", "created_at": call.started_at, "is_complete": True} | values
    with world.inside():
        return Recording.objects.create(business=world.acme, call=call, **fields)


@pytest.fixture
def lead(world):
    return add_lead(world.acme, name="Nora Quill")


@pytest.fixture
def recorded(world, lead):
    """Of several calls the last but one is the newest that can be listened to."""
    stored = {"state": "stored", "audio_seconds": 94.0}
    add_recording(world, add_call(world.acme, lead, started_at=now() - timedelta(days=2)), **stored)
    latest = add_recording(world, add_call(world.acme, lead, started_at=now() - timedelta(days=1)), **stored)
    add_recording(world, add_call(world.acme, lead, started_at=now() - timedelta(hours=1)))
    return latest


def players(client, path, lead):
    html = client.get(path.format(lead=lead.pk)).content.decode()
    assert "<audio" not in html
    return re.findall(r'data-player="([^"]+)"', html)


@pytest.mark.parametrize("path", PAGES)
def test_the_newest_that_is_here_can_be_played_and_nothing_is_fetched(world, client, lead, recorded, path):
    login(client, world.user)
    assert players(client, path, lead) == [str(recorded.pk)]
    with world.inside():
        assert not Playback.objects.exists()
    html = client.get(path.format(lead=lead.pk)).content.decode()
    assert f'hx-target="#player-{recorded.pk}"' in html
    assert f'id="why-player-{recorded.pk}"' in html, "the place where a reason is asked for"
    assert "js/player" in html


@pytest.mark.parametrize("path", PAGES)
def test_of_calls_of_others_nothing_is_played(world, client, lead, path):
    others = add_call(world.acme, lead, agent=world.owner)
    add_recording(world, others, state="stored", audio_seconds=9.0)
    assert players(login(client, world.user), path, lead) == []
    assert len(players(login(client, world.owner), path, lead)) == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_visit_of_the_platform_finds_no_player(world, client, lead, recorded, path):
    root = add_superuser()
    visits.start(root, world.acme, "To look at a fault.")
    assert players(login(client, root), path, lead) == []


@pytest.mark.parametrize("path", PAGES)
def test_many_recordings_and_notes_cost_what_one_costs(world, client, lead, recorded, path):
    login(client, world.owner)

    def note():
        with world.inside():
            notes.add(recorded, 5, "Asks for a quote.", by=world.user)

    def record():
        call = add_call(world.acme, lead, started_at=now() - timedelta(days=3))
        add_recording(world, call, provider_id="RE9", state="stored", audio_seconds=9.0)

    note()
    assert_flat_queries(lambda: client.get(path.format(lead=lead.pk)), note)
    assert_flat_queries(lambda: client.get(path.format(lead=lead.pk)), record)
    assert "Asks for a quote." in client.get(path.format(lead=lead.pk)).content.decode()
