"""A text about a person is read by everybody who works with him, without what would tell who he is."""

from typing import Any

import pytest
from django.urls import reverse

from callcrm.testing import World, add_call, add_lead, add_message, login
from leads import editing
from telephony import editing as calls

pytestmark = pytest.mark.django_db
TEXT = "Nora asked us to ring +1 206 555 0188 or write to nora@quill.example about the dormer."


@pytest.mark.parametrize("role", ["owner", "user"])
def test_notes_and_texts_hide_the_name_the_numbers_and_the_addresses(
    world: World, client: Any, role: str
) -> None:
    lead = add_lead(world.acme, name="Nora Quill")
    with world.inside():
        editing.add_note(lead, TEXT, by=world.owner)
        call = add_call(world.acme, lead)
        calls.update_call(call, {"note": TEXT}, by=world.owner)
    add_message(world.acme, lead, TEXT)
    login(client, getattr(world, role))
    for name, key in (("lead", lead.pk), ("call", call.pk), ("messages", None)):
        page = client.get(reverse(name, args=["acme", key] if key else ["acme"])).content.decode()
        assert "about the dormer" in page
        assert not any(word in page for word in ("Nora asked", "555 0188", "nora@quill"))
