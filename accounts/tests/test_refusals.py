"""Who may not do something reads in plain words what it is and whom to ask: on pages, in the API and in the history."""

import pytest

from accounts.doors import denied
from accounts.permissions import GRANTS, IN_WORDS, Permission, Role
from audit.models import Entry
from callcrm.testing import login
from tests.api import Api

SETS_UP = "You may not set up numbers, sources, opening hours and call flows."
ASK_ADMIN = "Admins and owners may. Ask one of them to do it, or an owner to make you an admin."


@pytest.mark.parametrize("permission", Permission)
def test_no_refusal_names_a_code(permission):
    message = denied(permission).message
    assert message.startswith(f"You may not {IN_WORDS[permission]}. ")
    assert "_" not in message
    assert ("Only owners may." in message) == (permission not in GRANTS[Role.ADMIN])


def test_a_page_and_the_api_say_what_one_may_not_do_and_whom_to_ask(world, client):
    page = login(client, world.user).get("/b/acme/numbers/")
    assert page.status_code == 403
    html = page.content.decode()
    assert SETS_UP in html
    assert ASK_ADMIN in html
    answer = Api(world.user).get("numbers/")
    assert answer.json()["error"]["message"] == f"{SETS_UP} {ASK_ADMIN}"
    told = {entry.sentence for entry in Entry.objects.of(world.acme.pk).filter(name="access.denied")}
    assert told == {"was refused: may not set up numbers, sources, opening hours and call flows"}


def test_what_only_owners_may_sends_to_an_owner(world, client):
    html = login(client, world.admin).get("/b/acme/team/").content.decode()
    assert "You may not manage the team. Only owners may. Ask one of them to do it." in html
