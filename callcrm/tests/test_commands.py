"""The commands that set an installation up: what they print, what they refuse, what they leave behind."""

import json
import os
import subprocess
import sys
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from accounts.models import Business, Member, User
from audit.models import Entry
from callcrm.testing import ACCOUNT_ID, DESTINATION, NUMBER, PASSWORD, fresh_number, ring, sid, signed_post
from callcrm.webhooks.models import Receipt
from leads.models import Source
from telephony.models import Call, ProviderAccount, TrackingNumber


@pytest.fixture(autouse=True)
def words(monkeypatch):
    monkeypatch.setenv("CALLCRM_PASSWORD", PASSWORD)
    monkeypatch.setenv("CALLCRM_SECRET", "another-secret-of-the-account")


def run(*args):
    """Return what the command prints as JSON; nothing else may stand there."""
    out = StringIO()
    call_command(*args, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*args):
    """Return the sentence with which the command refuses."""
    with pytest.raises(CommandError) as error:
        call_command(*args, stdout=StringIO())
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


def test_a_business_with_a_new_owner(db):
    told = run(
        "create_business", "Cedar Plumbing", "--owner", "Ada@Cedar.example", "--timezone", "America/Denver"
    )
    made = Business.objects.get()
    assert told == {
        "id": str(made.pk),
        "slug": "cedar-plumbing",
        "owner": {"id": str(User.objects.get().pk), "email": "ada@cedar.example"},
    }
    assert made.timezone == "America/Denver"
    assert Member.objects.get().role == "owner"
    assert User.objects.get().check_password(PASSWORD)


def test_an_owner_who_exists_keeps_his_password_and_is_asked_for_none(world, monkeypatch):
    monkeypatch.delenv("CALLCRM_PASSWORD")
    run("create_business", "Second", "--owner", "owner@acme.example", "--slug", "second")
    assert User.objects.get(email="owner@acme.example").check_password(PASSWORD)
    assert Member.objects.filter(user=world.owner.user, role="owner").count() == 2


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["Cedar", "--owner", "no-address"], "email"),
        (["Cedar", "--owner", "a@cedar.example", "--timezone", "Mars/Base"], "timezone"),
        (["Cedar", "--owner", "a@cedar.example", "--slug", "not a slug"], "slug"),
        (["Cedar", "--owner", "a@cedar.example", "--slug", "acme"], "slug"),
        (["", "--owner", "a@cedar.example"], "name"),
        (["x" * 101, "--owner", "a@cedar.example"], "name"),
    ],
)
def test_a_refused_business_leaves_nothing(world, args, why):
    before = Business.objects.count(), User.objects.count(), Entry.objects.count()
    assert why in refused("create_business", *args)
    assert (Business.objects.count(), User.objects.count(), Entry.objects.count()) == before


@pytest.mark.parametrize("bad", ["short1A", "alllowercase1", "aaaaaaaaaaaaaaaaaaaa", "Password1"])
def test_a_bad_password_is_refused(db, monkeypatch, bad):
    monkeypatch.setenv("CALLCRM_PASSWORD", bad)
    sentence = refused("create_business", "Cedar", "--owner", "a@cedar.example")
    assert "password" in sentence
    assert bad not in sentence
    assert not User.objects.exists()


def test_without_a_password_and_a_terminal_it_says_what_to_set(db, monkeypatch):
    monkeypatch.delenv("CALLCRM_PASSWORD")
    assert "CALLCRM_PASSWORD" in refused("create_business", "Cedar", "--owner", "a@cedar.example")


def test_only_the_first_business_takes_the_account_of_the_environment(db, settings):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "2" * 32, "f" * 32
    first = run("create_business", "First", "--owner", "a@cedar.example")
    run("create_business", "Second", "--owner", "a@cedar.example")
    account = ProviderAccount.objects.get()
    assert str(account.business_id) == first["id"]
    assert (account.provider, account.account_id, account.secrets) == ("twilio", "AC" + "2" * 32, ["f" * 32])


def test_a_user_joins_with_a_role(world):
    told = run("create_user", "new@acme.example", "--business", "acme", "--role", "admin")
    assert told == {
        "id": str(User.objects.get(email="new@acme.example").pk),
        "email": "new@acme.example",
        "role": "admin",
        "business": "acme",
    }


def test_a_user_is_refused_twice_and_into_nowhere(world):
    assert (
        "member already"
        in refused("create_user", "user@acme.example", "--business", "acme", "--role", "admin").lower()
    )
    assert "business" in refused("create_user", "new@x.example", "--business", "nowhere", "--role", "user")
    assert not User.objects.filter(email="new@x.example").exists()


def test_an_account_is_connected_and_its_old_secret_forgotten_on_demand(world, monkeypatch):
    args = ("connect_provider", "acme", "twilio", "--account", ACCOUNT_ID)
    told = run(*args)
    assert told == {"id": str(world.account.pk), "provider": "twilio", "account": ACCOUNT_ID}
    assert ProviderAccount.objects.get().secrets == ["another-secret-of-the-account", "0123456789abcdef" * 2]
    monkeypatch.delenv("CALLCRM_SECRET")
    run(*args, "--forget-previous")
    assert ProviderAccount.objects.get().secrets == ["another-secret-of-the-account"]


def test_a_secret_is_never_printed(world, monkeypatch):
    monkeypatch.setenv("CALLCRM_SECRET", "tiny")
    assert "tiny" not in refused("connect_provider", "acme", "twilio", "--account", "AC" + "3" * 32)


def test_a_number_is_added_with_its_source(world):
    number = fresh_number()
    told = run(
        "add_number", "acme", number, "--provider", "twilio", "--account", ACCOUNT_ID,
        "--source", "Yelp", "--forward-to", "+15035550191, +15035550192",
    )  # fmt: skip
    with world.inside():
        added = TrackingNumber.objects.get(e164=number)
        assert told == {
            "id": str(added.pk),
            "e164": number,
            "source": {"id": str(added.source_id), "name": "Yelp"},
        }
        assert added.forward_to == ["+15035550191", "+15035550192"]


@pytest.mark.parametrize(
    ("slug", "e164", "account", "why"),
    [
        ("acme", NUMBER, ACCOUNT_ID, "added already"),
        ("acme", DESTINATION, ACCOUNT_ID, "rung by the call flow"),
        ("acme", "12", ACCOUNT_ID, "e164"),
        ("acme", "+15035550150", "AC" + "9" * 32, "connect_provider"),
        ("rival", "+15035550150", ACCOUNT_ID, "connect_provider"),
    ],
)
def test_a_refused_number_leaves_no_source(world, slug, e164, account, why):
    assert why in refused(
        "add_number", slug, e164, "--provider", "twilio", "--account", account, "--source", "Yelp"
    )
    with world.inside():
        assert not Source.objects.filter(name="Yelp").exists()


def test_a_failed_delivery_is_replayed_once_it_can_be_applied(world, client):
    ring(client, "+12065550111")
    receipt = Receipt.objects.get()
    Receipt.objects.update(state="failed", error="Mended")
    with world.inside():
        Call.objects.all().delete()
    assert run("replay", "--failed") == {"applied": 1, "failed": 0}
    assert run("replay", str(receipt.pk)) == {"applied": 1, "failed": 0}
    assert run("replay", "--failed") == {"applied": 0, "failed": 0}
    with world.inside():
        assert Call.objects.count() == 1


def test_what_fails_again_is_counted_as_such(world, client):
    signed_post(client, "voice", {"CallSid": sid("CA"), "From": "+12065550111", "To": NUMBER})
    assert Receipt.objects.get().state == "failed"
    assert run("replay", "--failed") == {"applied": 0, "failed": 1}


def test_a_receipt_that_is_not_there_replays_nothing(world, client):
    ring(client, "+12065550111")
    assert "no receipt" in refused("replay", str(Receipt.objects.get().pk), str(uuid4()))
    assert Receipt.objects.get().attempts == 1


def test_a_database_out_of_reach_is_one_sentence(db, monkeypatch):
    def unreachable(*_):
        raise OperationalError("could not connect to 10.1.2.3 as somebody")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", unreachable)
        sentence = refused("replay", "--failed")
    assert sentence.startswith("The database cannot be reached")


def test_on_the_command_line_errors_go_to_standard_error_alone(tmp_path):
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "CALLCRM_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "create_business", "Cedar", "--owner", "a@cedar.example", "--json"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("The database cannot be reached")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "args",
    [
        ["create_user"],
        ["create_user", "a@x.example", "--business", "x", "--role", "king"],
        ["replay"],
        ["replay", "7"],
    ],
)
def test_wrong_arguments_are_one_sentence_too(args):
    done = subprocess.run(
        [sys.executable, "manage.py", *args], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
