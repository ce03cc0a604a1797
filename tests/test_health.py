"""What the Desk and the integrations say of the telephone providers: what is known, and no alarm for a quiet shop."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from callcrm.testing import ACCOUNT_ID, login, ring, signed_post
from callcrm.webhooks.models import Receipt
from recordings.tests.waiting import told
from telephony import health, numbers
from telephony.models import ProviderAccount

pytestmark = pytest.mark.django_db
CALLER = "+12065550111"
DESK, INTEGRATIONS = "/b/acme/desk/", "/b/acme/integrations/"


def known(world):
    with world.inside():
        found = health.of(world.acme.pk)
    return found.tone, found.words


def heard(client, ago=timedelta(0)):
    ring(client, CALLER)
    Receipt.objects.update(received_at=now() - ago)


def forge(client):
    assert signed_post(client, "voice", {"From": CALLER}, secret="somebody else's secret").status_code == 403


def refused_at():
    return ProviderAccount.objects.get().refused_at


def test_the_desk_says_when_a_provider_was_last_heard_and_where_to_look(world, client):
    heard(client, timedelta(minutes=4))
    html = login(client, world.admin).get(DESK).content.decode()
    assert "Provider last heard <time" in html
    assert "4 min ago</time>" in html
    assert f'<a class="row" href="{INTEGRATIONS}">' in html


def test_a_user_reads_it_without_a_link_to_a_page_that_he_cannot_open(world, client):
    heard(client)
    html = login(client, world.user).get(DESK).content.decode()
    assert "Provider last heard" in html
    assert INTEGRATIONS not in html


@pytest.mark.parametrize(("ago", "tone"), [(timedelta(hours=20), "ok"), (timedelta(days=3), "")])
def test_a_quiet_shop_is_no_alarm(world, client, ago, tone):
    heard(client, ago)
    assert known(world) == (tone, "Provider last heard")


def test_before_the_first_call_it_says_that_nothing_was_heard(world):
    assert known(world) == ("", "Provider not heard yet")
    with world.inside(world.rival):
        assert health.of(world.rival.pk).words == "No telephone provider is connected"


def test_a_wrong_signature_is_told_until_a_good_one_comes(world, client):
    heard(client, timedelta(minutes=1))
    forge(client)
    assert known(world) == ("warn", "Provider: a wrong signature came")
    assert "came with a wrong signature" in login(client, world.owner).get(INTEGRATIONS).content.decode()
    ring(client, CALLER)
    assert known(world) == ("ok", "Provider last heard")


def test_what_another_account_hears_does_not_hide_that_all_of_one_is_refused(world, client):
    numbers.connect(world.acme, "twilio", "AC" + "8" * 32, "its-secret", by=world.owner)
    params = {"AccountSid": "AC" + "8" * 32, "From": CALLER}
    assert signed_post(client, "voice", params, secret="another one").status_code == 403
    heard(client)
    assert known(world) == ("warn", "Provider: a wrong signature came")
    html = login(client, world.owner).get(INTEGRATIONS).content.decode()
    assert html.count("came with a wrong signature") == 1
    with world.inside():
        ProviderAccount.objects.exclude(refused_at=None).update(refused_at=now() - health.RECENTLY)
    assert known(world) == ("ok", "Provider last heard")
    assert "came with a wrong signature" not in client.get(INTEGRATIONS).content.decode()


def test_a_new_secret_is_given_the_benefit_of_the_doubt(world, client):
    forge(client)
    numbers.connect(world.acme, "twilio", ACCOUNT_ID, "another-secret", by=world.owner)
    assert refused_at() is None


def test_who_sends_nonsense_without_end_makes_us_write_once_a_minute(world, client):
    forge(client)
    first = refused_at()
    forge(client)
    assert refused_at() == first
    ProviderAccount.objects.update(refused_at=first - timedelta(seconds=61))
    forge(client)
    assert refused_at() > first


def test_recordings_that_do_not_come_are_told_with_their_reason(world, client):
    heard(client)
    told(world, state="pending", failure="status_404")  # a little late, as ever
    assert known(world) == ("ok", "Provider last heard")
    told(world, state="failed", failure="status_401")
    assert known(world) == ("warn", "A recording does not come: the provider refused our account's secret")


def test_a_provider_that_cannot_be_reached_is_told_at_once(world):
    told(world, state="pending", failure="unreachable")
    assert known(world) == ("warn", "A recording does not come: the provider could not be reached")


def test_what_another_business_hears_and_misses_is_not_told(world, client):
    forge(client)
    told(world, state="failed", failure="status_401")
    numbers.connect(world.rival, "twilio", "AC" + "9" * 32, "a-secret-of-theirs")
    with world.inside(world.rival):
        assert health.of(world.rival.pk) == health.Health("", "Provider not heard yet")


def test_it_is_one_statement(world, client):
    heard(client)
    with world.inside(), CaptureQueriesContext(connection) as asked:
        health.of(world.acme.pk)
    assert len(asked) == 1
