"""What is asked often is answered by an index, under the wall, whatever else there is: PostgreSQL's plans say so.

Thousands of rows take a second to make, so that a test here asks many questions of them and names those that fail.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from accounts import keys
from callcrm import waiting
from callcrm.lib.tenancy import system_scope
from callcrm.testing import NUMBER, add_call, add_lead, login
from leads.models import Lead
from recordings import inquiries
from recordings.models import Recording
from telephony import express
from telephony.callbacks import figures as callback_figures
from telephony.callbacks.ranking import ranked
from telephony.models import Call, Callback, Outcome
from tests import crowd
from tests.everything import one_of_everything

PAGE = 51  # rows of a page, and the one that says whether there is another
MOST = 10 * PAGE
SEARCHES = {
    "a whole number": "+12035550142",
    "a number as people write it": "(203) 555-0142",
    "seven digits": "5550142",
    "four digits": "0142",
    "a name": "Maya Ortiz",
    "a common word of names": "maya",
    "the beginning of a word": "whitl",
    "two words the other way round": "nair ben",
    "nobody": "Nobody",
    "an e-mail": "a@letters.example",
}


@pytest.fixture(scope="module")
def filled(lasting, django_db_blocker):
    """Made once: thousands of rows take seconds."""
    with django_db_blocker.unblock():
        fill(lasting)
    return lasting


@pytest.fixture
def town(filled, db):
    return filled


def fill(world):
    crowd.fill(world.acme, world.user)
    apart = {"e164": "+19895550100", "phones": ["+19895550101"]}
    one_of_everything(world.rival, world.rival_owner, **apart)  # so that its calls have a number too
    crowd.fill(world.rival, world.rival_owner)
    crowd.analyze()
    connection.check_constraints()  # as the world's own


@pytest.fixture
def problems(town):
    """Ask, and return what the plans do wrong: whole tables that are read, and rows that are read for nothing."""
    big = crowd.big_tables()
    assert {"leads_lead", "leads_leadtoken", "telephony_call", "telephony_message", "audit_entry"} <= big

    def find(ask, most, joined):
        asked = list(crowd.plans(ask, town))
        assert asked
        for sql, plan in asked:
            whole, looked_at = crowd.read_whole(plan, big - joined), crowd.examined(plan, big)
            if whole or looked_at > most:
                yield f"reads {whole or looked_at}: {sql[:2000]}"

    return lambda questions, most=MOST, joined=frozenset(): {
        name: found for name, ask in questions.items() if (found := list(find(ask, most, joined)))
    }


def asks(client, path, **data):
    def ask():
        answer = client.post(path, data, follow=True) if data else client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer

    return ask


def filters(world, call):
    return of_calls(world, call) | RARE_AND_COMMON


def of_calls(world, call):
    since = (now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    return {
        "none": "",
        "since": f"since={since}",
        "until": f"until={since}",
        "days": "days=7",
        "direction": "direction=outbound",
        "state": "state=completed",
        "outcome": "outcome=missed",
        "an outcome that no call has": "outcome=blocked",
        "source": f"source={world.source.pk}",
        "number": f"number={world.number.pk}",
        "no number": "number=none",
        "lead": f"lead={call.lead_id}",
        "agent": f"agent={world.user.pk}",
        "provider's id": f"provider_id={call.provider_id}",
        "a common tag of some time": f"tag=leak&until={since}",
        "several": f"outcome=missed&first_time=true&since={since}",
    }


RARE_AND_COMMON = {
    "without recording": "recording=none",
    "with any recording, which is rare": "recording=any",
    "with any recording, as older programs ask": "has_recording=true",
    "a recording that failed, which is rare": "recording=failed",
    "a recording that is deleted, which none is": "recording=deleted",
    "first time": "first_time=true",
    "called before": "first_time=false",
    "a rare state": "state=busy",
    "after hours, which is rare": "after_hours=true",
    "in opening hours": "after_hours=false",
    "a length that is rare": "talked=over_10min",
    "a length that is common": "talked=30s_to_2min",
    "a length that none has": "talked=2_to_10min",
    "a rare tag": "tag=rare",
    "a common tag": "tag=leak",
    "a tag that no call has": "tag=nothing",
    "a rare tag among few": "tag=rare&first_time=true&after_hours=true",
    "what came of few": "disposition=Rare",
    "what came of many": "disposition=Booked",
    "nothing noted, which is rare": "disposition=none",
    "not called back, of a rare tag": "owed=true&tag=rare",
    "mine": "mine=true",
}


def test_a_list_is_read_by_an_index_with_every_filter(town, problems):
    client = login(Client(), town.owner)
    with town.inside():
        call = Call.objects.order_by("-started_at")[40]
    calls = {f"calls by {name}": f"calls/?{query}" for name, query in filters(town, call).items()}
    calls |= {
        f"news by {name}": f"calls/news/?shown={call.pk}&{query}"
        for name, query in filters(town, call).items()
    }
    calls |= {
        f"rows by {name}": f"calls/rows/?{name}={call.pk}" for name in ("call", "recording", "callback")
    }
    paths = ["calls/live/", "messages/", "leads/", "leads/?status=won", "leads/?assigned=none", "audit/"]
    paths += ["audit/?name=lead.revealed", "audit/?actor=provider:twilio", f"audit/?subject={call.lead_id}"]
    paths += [
        f"leads/?assigned={town.user.pk}",
        f"leads/{call.lead_id}/",
        f"calls/{call.pk}/",
        _far_page(client),
    ]
    questions = calls | {path: path for path in paths}
    assert problems({name: asks(client, f"/b/acme/{path}") for name, path in questions.items()}) == {}


def test_what_was_not_rung_back_is_found_from_the_debts_and_their_tries(town, problems):
    """Everybody is owed a call here, so that all tries are looked at, once; `make bench` has few of many."""
    asked = ("owed=true", "owed=true&first_time=true", "owed=false", "owed=false&first_time=true")
    owed = {}
    for member in (town.owner, town.user):  # one who sees all, and one who sees his own
        client, who = login(Client(), member), member.role
        owed |= {f"{who} {path}": asks(client, f"/b/acme/calls/?{path}") for path in asked}
        counts = {path: asks(client, f"/b/acme/calls/counts/?{path}") for path in ("", *asked[:2])}
        owed |= {f"{who} counts by {path}": count for path, count in counts.items()}
    assert problems(owed, most=2 * crowd.PEOPLE * crowd.EACH, joined={"leads_lead", "leads_leadphone"}) == {}


def test_who_is_called_back_next_is_read_by_an_index(town, problems):
    def ask(narrowed, cursor=""):
        def asked():
            with town.inside():
                rows = narrowed(Callback.objects.visible_to(town.owner)).open()
                return ranked(rows, cursor=cursor, size=PAGE - 1, at=now())

        return asked

    everybody, mine = (lambda rows: rows), (lambda rows: rows.filter(assigned_to=town.user))
    second = ask(everybody)().older
    with town.inside():
        visible = Callback.objects.visible_to(town.owner)
        lead = Call.objects.order_by("-started_at")[40].lead_id
    questions = {
        "first page": ask(everybody),
        "second page": ask(everybody, second),
        "mine": ask(mine),
        "count": _inside(town, lambda: callback_figures.waiting(visible)),
        "oldest": _inside(town, lambda: callback_figures.oldest(visible)),
        "closed": _inside(town, lambda: list(visible.closed().order_by("-closed_at", "-id")[:PAGE])),
        "of a person": _inside(town, lambda: list(visible.open().filter(lead=lead))),
    }
    assert problems(questions) == {}


def test_who_waits_at_the_desk_is_read_by_an_index(town, problems):
    left = {"withheld": True, "outcome": Outcome.VOICEMAIL, "answered_at": None}
    calls = [add_call(town.acme, **left) for _ in range(20)]
    with town.inside():
        for call in calls:
            kept = {"kind": "voicemail", "state": "stored", "created_at": call.started_at}
            Recording.objects.create(business=town.acme, call=call, provider_id="RE1", **kept)
    questions = {
        "owed": _inside(town, lambda: waiting.owed(town.user)),
        "unheard": _inside(town, lambda: waiting.unheard(town.user)),
    }
    assert problems(questions) == {}


def test_calls_of_which_no_recording_was_told_are_read_by_an_index(town, problems):
    values = {
        "records": True,
        "notice": "It is recorded.",
        "number": town.number,
        "started_at": now() - timedelta(hours=1),
    }
    call = add_call(
        town.acme,
        add_lead(town.acme, phones=["+19895550111"]),
        **values,
        ended_at=now() - timedelta(minutes=50),
    )

    def ask():
        with system_scope("calls of all businesses", [town.acme.pk, town.rival.pk]):
            found = list(inquiries.unheard()[: inquiries.MOST_AT_ONCE])
        assert call in found
        return found

    assert problems({"to ask for": ask}) == {}


def _inside(town, ask):
    def asked():
        with town.inside():
            return ask()

    return asked


def _far_page(client):
    path = "calls/"
    for _ in range(20):
        path = f"calls/?cursor={client.get(f'/b/acme/{path}').context['page'].older}"
    return path


def test_a_user_reads_what_is_his_by_an_index(town, problems):
    client = login(Client(), town.user)
    assert (
        problems({path: asks(client, f"/b/acme/{path}") for path in ("calls/", "messages/", "calls/live/")})
        == {}
    )


def test_every_kind_of_search_is_answered_by_an_index(town, problems):
    """Of two words, all tokens of everybody who bears one of them may be looked at: of the commoner, a dozen by 150."""
    client = login(Client(), town.owner)
    searches = {name: asks(client, "/b/acme/leads/", q=typed) for name, typed in SEARCHES.items()}
    assert problems(searches, most=4 * MOST) == {}


def test_calls_of_whom_a_search_finds_are_read_from_theirs_or_from_the_newest(town, problems):
    """Of an eighth of all people, by each way; a row brings its lead and its number twice over.

    For so many it may be cheaper to read all the people of a town than each by its index; all its calls never are.
    """
    client = login(Client(), town.owner)
    by = ("", "outcome=missed", "tag=rare", "tag=leak", "owed=true", "recording=failed", "days=7")
    searches = {query: asks(client, f"/b/acme/calls/?{query}", q="maya") for query in by}
    searches |= {typed: asks(client, "/b/acme/calls/", q=typed) for typed in SEARCHES.values()}
    assert (
        problems(searches, most=2 * crowd.PEOPLE * crowd.EACH, joined={"leads_lead", "leads_leadphone"}) == {}
    )


def test_the_figures_of_a_month_read_its_rows_once_and_nobody_elses(town, problems):
    client = login(Client(), town.owner)
    pages = {path: asks(client, f"/b/acme/{path}") for path in ("", "callbacks/")}
    assert problems(pages, most=crowd.PEOPLE * crowd.EACH + 1) == {}


def test_a_caller_waits_for_index_look_ups_alone(town):
    """The statement is prepared, so that it may be planned without its values as well."""
    big = crowd.big_tables()
    for mode in ("force_custom_plan", "force_generic_plan"):
        with town.inside():
            plan = _voice_plan(town, mode)
        assert plan["Actual Rows"] == 1, mode
        assert crowd.read_whole(plan, big) == [], mode
        assert crowd.examined(plan, big) <= 10, mode


def _voice_plan(town, mode):
    number = "+12035550142"
    kind, token = keys.blind_index(town.acme.pk).phone_exact(number)
    places = iter(f"${n}" for n in range(1, 8))
    sql = "".join(part + next(places, "") for part in express._READ.split("%s"))
    crowd.rows(f"SET LOCAL plan_cache_mode = {mode}")
    crowd.rows(f"PREPARE voice (text, text, text, int, bytea, uuid, text) AS {sql}")
    try:
        asked = (number, number, number, int(kind), token, town.acme.pk, NUMBER)
        return crowd.explain("EXECUTE voice (%s, %s, %s, %s, %s, %s, %s)", *asked)
    finally:
        crowd.rows("DEALLOCATE voice")


def test_these_tests_would_see_a_table_that_is_read_whole(town, problems):
    def ask():
        list(Call.objects.filter(tags=["nowhere"]).values("pk"))
        list(Lead.objects.order_by("value").values("pk"))

    with town.inside():
        [found] = problems({"by tags": ask}, most=10).values()
    assert len(found) == 2
