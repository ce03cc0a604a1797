"""Whose telephone is whose: each says it for himself, and a call that is answered on it is his."""

import pytest

from accounts import team
from audit.models import Entry
from callcrm.errors import Invalid
from callcrm.testing import DESTINATION, NUMBER, add_lead, login, ring, sid, signed_post
from leads.models import Lead
from telephony.models import Call, Telephone
from telephony.outgoing import telephones

pytestmark = pytest.mark.django_db
MOBILE, CALLER = "+15035550181", "+12065550111"
PAGE = "/b/acme/telephone/"


@pytest.fixture
def mobile(world):
    return mine(world, world.user)


def mine(world, member, e164=MOBILE):
    with world.inside():
        return telephones.choose(member, e164)


def answered_on(client, e164):
    """Somebody calls, and this telephone of ours is put through."""
    call_sid = ring(client, CALLER)
    about = {"CallSid": sid("CA"), "ParentCallSid": call_sid, "Direction": "outbound-dial", "To": e164}
    signed_post(client, "number-status", about | {"From": CALLER, "CallStatus": "in-progress"})
    return Call.objects.select_related("agent").get(provider_id=call_sid)


def test_a_telephone_is_kept_as_it_is_dialled_and_replaces_the_one_before(world, mobile):
    mine(world, world.user, "(503) 555-0182")
    with world.inside():
        assert [row.e164 for row in Telephone.objects.all()] == ["+15035550182"]
        assert Entry.objects.filter(name="telephone.changed").count() == 2


def test_saying_the_same_again_changes_nothing(world, mobile):
    mine(world, world.user)
    assert Entry.objects.filter(name="telephone.changed").count() == 1


@pytest.mark.parametrize("typed", ["", "none", "12", NUMBER, "+19005550123", "911"])
def test_what_cannot_be_rung_is_no_telephone(world, typed):
    with world.inside(), pytest.raises(Invalid) as refused:
        telephones.choose(world.user, typed)
    assert list(refused.value.fields) == ["telephone"]


def test_the_number_of_a_lead_is_no_telephone_of_ours(world):
    add_lead(world.acme, name="Ines Palmer", phones=[CALLER])
    with world.inside(), pytest.raises(Invalid) as refused:
        telephones.choose(world.user, CALLER)
    assert "A lead has this number" in refused.value.fields["telephone"][0]


@pytest.mark.parametrize("express", [True, False])
def test_a_lead_who_gets_a_members_number_is_not_lost(world, client, mobile, express):
    lead = add_lead(world.acme, name="Ines Palmer", phones=[MOBILE])
    call_sid = ring(client, MOBILE, CallStatus="ringing" if express else "queued")
    with world.inside():
        call = Call.objects.get(provider_id=call_sid)
        assert (call.lead, call.own_from) == (lead, "")


def test_a_number_of_another_business_cannot_be_one_either(world):
    from tests.everything import one_of_everything

    theirs = one_of_everything(world.rival, world.rival_owner)
    with world.inside(), pytest.raises(Invalid):
        telephones.choose(world.user, theirs.number.e164)


def test_a_call_that_is_answered_on_it_is_his(world, client, mobile):
    with world.inside():
        assert answered_on(client, MOBILE).agent == world.user


def test_a_call_that_only_rang_on_it_is_nobodys(world, client, mobile):
    call_sid = ring(client, CALLER)
    about = {"CallSid": sid("CA"), "ParentCallSid": call_sid, "Direction": "outbound-dial", "To": MOBILE}
    signed_post(client, "number-status", about | {"From": CALLER, "CallStatus": "no-answer"})
    with world.inside():
        assert Call.objects.get(provider_id=call_sid).agent is None


def test_a_telephone_that_two_share_does_not_tell_who_it_was(world, client, mobile):
    mine(world, world.admin)
    with world.inside():
        assert answered_on(client, MOBILE).agent is None


def test_who_left_takes_no_calls(world, client, mobile):
    team.remove(world.user, by=world.owner)
    with world.inside():
        assert answered_on(client, MOBILE).agent is None


def test_a_telephone_that_changes_hands_has_not_taken_the_calls_of_before(world, client, mobile):
    with world.inside():
        call = answered_on(client, MOBILE)
        telephones.forget(world.user)
        telephones.choose(world.admin, MOBILE)
        end = {"CallSid": call.provider_id, "CallStatus": "completed", "CallDuration": "60", "To": NUMBER}
        signed_post(client, "voice-status", end | {"From": CALLER, "Direction": "inbound"})
        call.refresh_from_db()
        assert (call.outcome, call.agent) == ("answered", world.user)


@pytest.mark.parametrize("forwarded", [DESTINATION, MOBILE])
def test_who_calls_from_a_telephone_of_ours_is_no_customer(world, client, mobile, forwarded):
    call_sid = ring(client, forwarded)
    with world.inside():
        call = Call.objects.get(provider_id=call_sid)
        assert (call.own_from, call.lead, Lead.objects.count()) == (forwarded, None, 0)


def test_the_page_keeps_it_shows_it_and_forgets_it(world, client):
    login(client, world.user)
    assert client.post(PAGE, {"telephone": "503 555 0181"}).status_code == 302
    assert MOBILE in client.get(PAGE).content.decode()
    client.post(PAGE, {"telephone": ""})
    with world.inside():
        assert not Telephone.objects.exists()
        assert Entry.objects.filter(name="telephone.forgotten").count() == 1


def test_the_page_says_what_is_wrong_and_keeps_what_was(world, client, mobile):
    answer = login(client, world.user).post(PAGE, {"telephone": NUMBER})
    assert answer.status_code == 422
    assert "tracking number" in answer.content.decode()
    with world.inside():
        assert Telephone.objects.get().e164 == MOBILE
