"""Connecting providers by hand."""

import pytest

from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, SECRET, assert_flat_queries, login
from telephony import numbers
from telephony.models import ProviderAccount

PAGE = "/b/acme/integrations/"
NEW = "a-new-secret-of-twilio"


def connect(client, account=ACCOUNT_ID, secret=NEW, provider="twilio"):
    return client.post(PAGE, {"provider": provider, "account_id": account, "secret": secret, "label": "Main"})


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("user", 403)])
def test_who_may_set_up_numbers_sees_the_providers(world, client, role, status):
    assert login(client, getattr(world, role)).get(PAGE).status_code == status


def test_the_page_says_what_the_provider_must_be_given(world, client, settings):
    settings.PUBLIC_BASE_URL = "https://calls.acme.example"
    page = login(client, world.admin).get(PAGE).content.decode()
    for route in ("voice", "voice-status", "sms"):
        assert f"https://calls.acme.example/webhooks/twilio/{route}/" in page
    assert "this machine alone" not in page


def test_a_new_secret_leaves_the_old_one_good_until_it_is_forgotten(world, client):
    login(client, world.admin)
    assert connect(client).status_code == 302
    account = ProviderAccount.objects.get()
    assert account.secrets == [NEW, SECRET]
    forget = f"{PAGE}{account.pk}/forgotten-secrets/"
    assert forget in client.get(PAGE).content.decode()
    client.post(forget)
    assert ProviderAccount.objects.get().secrets == [NEW]
    acts = [
        entry.data["act"] for entry in Entry.objects.of(world.acme.pk).filter(name="provider.secret_changed")
    ]
    assert acts == ["forgot the previous one of", "changed"]


def test_no_page_and_no_event_tells_a_secret(world, client):
    login(client, world.admin)
    shown = [
        client.get(PAGE),
        connect(client, secret="tiny"),
        connect(client),
        client.get(PAGE),
        client.get("/b/acme/audit/"),
    ]
    for page in shown:
        assert SECRET not in page.content.decode()
        assert NEW not in page.content.decode()
        assert 'value="tiny"' not in page.content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"account": "no id!"},
        {"secret": "tiny"},
        {"provider": "pigeon"},
        {"account": "\0"},
        {"secret": "x" * 201},
    ],
)
def test_what_cannot_be_is_refused(world, client, bad):
    assert connect(login(client, world.admin), **bad).status_code == 422
    assert ProviderAccount.objects.get().secrets == [SECRET]


def test_the_account_of_a_rival_is_not_there(world, client):
    theirs = numbers.connect(world.rival, "twilio", ACCOUNT_ID, "the-rivals-own-secret")
    login(client, world.owner)
    assert client.post(f"{PAGE}{theirs.pk}/forgotten-secrets/").status_code == 404
    connect(client)
    theirs.refresh_from_db()
    assert theirs.secrets == ["the-rivals-own-secret"]


def test_cost_does_not_grow_with_the_accounts(world, client):
    login(client, world.admin)
    ids = iter(f"AC{n:032x}" for n in range(100))
    assert_flat_queries(
        lambda: client.get(PAGE), lambda: numbers.connect(world.acme, "twilio", next(ids), NEW)
    )
