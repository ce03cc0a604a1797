"""A member says what is wrong with a call, once; who runs the business sees it and says what became of it."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import visits
from audit.models import Entry
from callcrm.errors import Denied, Invalid
from callcrm.lib.ids import uuid7
from callcrm.testing import (
    add_call,
    add_lead,
    add_superuser,
    assert_flat_queries,
    login,
    ring,
    sid,
    signed_post,
)
from leads import editing, merging
from telephony.models import Call, CallProblem
from telephony.problems import reports
from tests import crowd

CALLER = "+12065550163"
LIST = "/b/acme/problems/"
INDEX = {"reported_by": "reporter", "resolved_by": "resolver"}
WORDS = "Nora Quill says that it crackles, call 503-555-0142."


@pytest.fixture
def call(world):
    return add_call(world.acme, add_lead(world.acme, name="Nora Quill"))


@pytest.fixture
def report(world, call):
    def say(kind="poor_audio", words=WORDS, by=None, of=None):
        with world.inside():
            return reports.report(of or call, kind, words, by=by or world.user)

    return say


@pytest.fixture
def told(monkeypatch):
    """Return what the feed was told since it was last asked."""
    kinds = []
    monkeypatch.setattr(reports.feed, "tell", lambda business_id, kind, *about: kinds.append(kind))

    def take():
        taken = kinds[:]
        kinds.clear()
        return taken

    return take


def resolve(world, problem, word="mended", by=None):
    with world.inside():
        return reports.resolve(problem, word, by=by or world.admin)


def page(call):
    return f"/b/acme/calls/{call.pk}/"


def events(world):
    about = Entry.objects.of(world.acme.pk).filter(name__startswith="call.problem")
    return [entry.sentence for entry in about]


def test_a_member_reports_on_a_page_and_it_stands_on_the_call_without_names_and_numbers(world, client, call):
    login(client, world.user)
    assert f'href="{page(call)}problems/"' in client.get(page(call)).content.decode()
    answer = client.post(f"{page(call)}problems/", {"kind": "poor_audio", "words": WORDS})
    assert (answer.status_code, answer.url) == (302, page(call))
    for path in (page(call), f"{page(call)}panel/"):
        shown = client.get(path).content.decode()
        assert "Poor audio" in shown
        assert "it crackles, call +1 (503) •••-••42." in shown
        assert not any(hidden in shown for hidden in ("Quill", "555-0142"))
        assert "problem-resolutions" not in shown
    assert events(world) == ["reported a problem with the call (poor audio)"]


@pytest.mark.parametrize(
    "typed",
    [{}, {"kind": "louder"}, {"kind": "other", "words": " "}, {"kind": "other", "words": "x" * 1_001}],
)
def test_what_says_nothing_is_refused_where_it_was_typed(world, client, call, typed):
    login(client, world.user)
    assert client.post(f"{page(call)}problems/", typed).status_code == 422
    with world.inside():
        assert not CallProblem.objects.exists()


def test_said_twice_it_is_one_report_with_the_later_words_below_the_first(world, report, told):
    report(words="It crackles.")
    again = report(words="It is worse now.")
    assert told() == ["call.changed"] * 2
    assert report(words="").pk == report(words="It is worse now.").pk == again.pk
    assert told() == []
    report(by=world.admin)
    with world.inside():
        mine = CallProblem.objects.get(reported_by=world.user)
        assert mine.words.reveal() == "It crackles.\nIt is worse now."
        with pytest.raises(IntegrityError), transaction.atomic():
            CallProblem.objects.create(
                business=world.acme, call=mine.call, kind=mine.kind, reported_by=world.user
            )
    first = "reported a problem with the call (poor audio)"
    assert events(world) == [first, "said more about a problem with the call (poor audio)", first]


def test_more_words_than_there_is_room_for_are_refused_where_they_were_typed(world, client, call, report):
    report(words="x" * 990)
    login(client, world.user)
    answer = client.post(f"{page(call)}problems/", {"kind": "poor_audio", "words": "It is worse now."})
    assert answer.status_code == 422
    assert "room for 9 characters more" in answer.content.decode()


def test_who_runs_the_business_sees_it_and_resolves_it_with_a_word(world, client, call, report):
    problem = report()
    login(client, world.admin)
    listed = client.get(LIST).content.decode()
    assert "it crackles" in listed
    assert f'href="{page(call)}"' in listed
    assert '<span class="count">1</span>' in listed
    answer = client.post(f"{LIST}{problem.pk}/resolutions/", {"resolution": "provider", "view": "call"})
    assert answer.url == page(call)
    assert "No open problem" in client.get(LIST).content.decode()
    assert "Told the provider" in client.get(f"{LIST}?view=resolved").content.decode()
    assert "Told the provider" in login(client, world.user).get(page(call)).content.decode()
    assert events(world)[0] == "resolved a problem with the call (told the provider)"


def test_the_list_says_whose_call_it_was_and_which_number_it_came_by(world, client, call, report):
    report()
    report(of=add_call(world.acme, withheld=True, number=None, source_id=None))
    listed = login(client, world.admin).get(LIST).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", listed).split())
    assert "Poor audio Open Withheld number Incoming, " in words
    assert re.search(
        r"Nora Q\. \+1 \(\d{3}\) •••-••\d\d .* Incoming, .*, \d+:\d\d [ap]m Google Ads, \+1 503-555-0100",
        words,
    )
    assert call.phone.number.reveal() not in listed
    for button in ("Fixed", "Told the provider", "No fault", "Cannot be fixed"):
        assert f">{button}</button>" in listed


def test_of_two_who_resolve_it_the_first_has_said_it(world, client, report):
    problem = report()
    resolve(world, problem, "no_fault", by=world.owner)
    login(client, world.admin)
    answer = client.post(f"{LIST}{problem.pk}/resolutions/", {"resolution": "mended"}, follow=True)
    assert "It was resolved before." in answer.content.decode()
    with world.inside():
        kept = CallProblem.objects.get()
    assert (kept.resolution, kept.resolved_by_id) == ("no_fault", world.owner.pk)
    assert len(events(world)) == 2


def test_who_resolved_it_can_undo_that_from_the_toast_once(world, client, report):
    problem = report()
    login(client, world.admin)
    said = client.post(f"{LIST}{problem.pk}/resolutions/", {"resolution": "mended"}, follow=True)
    undo = f"{LIST}{problem.pk}/reopenings/"
    assert f'action="{undo}"' in said.content.decode()
    for _ in range(2):
        assert "it crackles" in client.post(undo, follow=True).content.decode()
    assert events(world)[0] == "opened a problem with the call again"
    assert len(events(world)) == 3
    assert login(client, world.user).post(undo).status_code == 403


def test_what_another_resolved_or_was_reported_anew_is_not_opened_again(world, client, report):
    problem = report()
    resolve(world, problem, by=world.owner)
    undo = f"{LIST}{problem.pk}/reopenings/"
    assert login(client, world.admin).post(undo).status_code == 409
    assert report().pk != problem.pk
    assert login(client, world.owner).post(undo).status_code == 409


def test_what_is_resolved_may_be_reported_anew(world, report):
    resolve(world, report())
    assert report().is_open
    with world.inside():
        assert CallProblem.objects.count() == 2


def test_a_user_resolves_nothing_and_has_no_list(world, client, report):
    problem = report()
    login(client, world.user)
    assert client.get(LIST).status_code == 403
    assert client.post(f"{LIST}{problem.pk}/resolutions/", {"resolution": "mended"}).status_code == 403
    assert LIST not in client.get("/b/acme/calls/").content.decode()
    with pytest.raises(Denied):
        resolve(world, problem, by=world.user)
    with pytest.raises(Invalid):
        resolve(world, problem, "done")


def test_nobody_reports_of_a_call_that_he_does_not_see(world, client, call, report):
    others = add_call(world.acme, agent=world.owner)
    login(client, world.user)
    for pk in (others.pk, uuid7()):
        assert client.post(f"/b/acme/calls/{pk}/problems/", {"kind": "poor_audio"}).status_code == 404
    report(of=others, by=world.owner)
    report()
    with world.inside():
        seen = CallProblem.objects.visible_to(world.user)
        assert [problem.call_id for problem in seen] == [call.pk]
    root = add_superuser()
    visitor = visits.start(root, world.acme, "To look at a fault.")
    with pytest.raises(Denied):
        report(by=visitor)
    login(client, root)
    assert "Report a problem" not in client.get(page(call)).content.decode()
    assert client.post(f"{page(call)}problems/", {"kind": "poor_audio"}).status_code == 403


@pytest.mark.parametrize("odd", ["?view=x", "?cursor=x"])
def test_an_odd_list_is_refused(world, client, odd):
    assert login(client, world.owner).get(LIST + odd).status_code in (400, 422)


def test_the_words_follow_the_person_and_go_with_him(world, call, report):
    report()
    kept = add_lead(world.acme)
    with world.inside():
        merging.merge(kept, call.lead, {}, by=world.owner)
        moved = CallProblem.objects.get()
        assert (moved.lead_id, moved.words.reveal()) == (kept.pk, WORDS)
        editing.delete(kept, by=world.owner)
        assert not CallProblem.objects.exists()
        assert Call.objects.exists()


def test_a_call_of_nobody_can_have_a_problem_too(world, client, report):
    withheld = add_call(world.acme, withheld=True)
    report("other", "Nobody is heard.", of=withheld)
    login(client, world.user)
    assert "Something else" in client.get(page(withheld)).content.decode()
    with world.inside():
        assert CallProblem.objects.get().words.reveal() == "Nobody is heard."


def test_of_a_call_that_gets_its_person_later_it_is_about_him(world, client, report):
    call_sid = sid("CA")
    signed_post(client, "voice-status", {"CallSid": call_sid, "CallStatus": "in-progress"})
    with world.inside():
        early = Call.objects.get(provider_id=call_sid)
        assert early.lead is None
    report(of=early)
    report("wrong_person", "", of=early)
    assert "Quill" in shown_words(world)
    nora = add_lead(world.acme, name="Nora Quill", phones=[CALLER])
    ring(client, CALLER, call_sid=call_sid)
    with world.inside():
        found = CallProblem.objects.filter(call=early)
        assert {problem.lead_id for problem in found} == {nora.pk}
        assert found.get(kind="poor_audio").words.reveal() == WORDS
    assert "Quill" not in shown_words(world)
    with world.inside():
        editing.delete(nora, by=world.owner)
        assert not CallProblem.objects.exists()


def shown_words(world):
    with world.inside():
        return CallProblem.objects.select_related("lead").get(kind="poor_audio").shown_words


def test_what_does_not_open_any_more_keeps_no_call_from_its_person(world, client, report):
    call_sid = sid("CA")
    signed_post(client, "voice-status", {"CallSid": call_sid, "CallStatus": "in-progress"})
    with world.inside():
        problem = report(of=Call.objects.get(provider_id=call_sid))
        with connection.cursor() as cursor:
            cursor.execute("UPDATE telephony_callproblem SET words = 'lost' WHERE id = %s", [problem.pk])
    ring(client, CALLER, call_sid=call_sid)
    with world.inside():
        person = Call.objects.get(provider_id=call_sid).lead_id
        assert person
        assert CallProblem.objects.get().lead_id == person


@pytest.mark.parametrize("part", ["", "panel/"])
def test_of_many_the_newest_are_shown_and_who_may_is_led_to_the_list(
    world, client, call, report, monkeypatch, part
):
    monkeypatch.setattr(reports, "MOST_SHOWN", 1)

    def shown(member):
        html = login(client, member).get(page(call) + part).content.decode()
        return [
            words in html
            for words in ("The newest 1 are shown.", f'{LIST}">All problems', "crackles", "hears")
        ]

    report()
    assert shown(world.admin) == [False, False, True, False]
    report("other", "Nobody hears us.")
    assert shown(world.admin) == [True, True, False, True]
    assert shown(world.user) == [True, False, False, True]


def test_more_than_nine_are_not_counted(world, client, report):
    for _ in range(10):
        report(of=add_call(world.acme))
    shown = login(client, world.owner).get("/b/acme/calls/").content.decode()
    assert '<span class="count">9+</span>' in shown


def test_longer_lists_cost_no_more_queries(world, client, call, report):
    login(client, world.owner)
    kinds = iter(CallProblem.Kind.values)

    def grow():
        report(of=add_call(world.acme, add_lead(world.acme)))
        report(next(kinds), "It crackles.")
        with world.inside():
            last = CallProblem.objects.filter(call=call).first()
        resolve(world, last)

    assert_flat_queries(
        lambda: [client.get(LIST), client.get(page(call)), client.get(f"{LIST}?view=resolved")], grow
    )


@pytest.mark.parametrize("column", ["reported_by", "resolved_by"])
def test_what_a_member_who_is_deleted_said_is_found_by_an_index(world, call, column):
    resolved = {"resolved_at": timezone.now(), "resolution": "mended"}
    with world.inside():
        CallProblem.objects.bulk_create(
            CallProblem(
                business=world.acme,
                call=call,
                kind="other",
                **resolved | {column: world.user if n % 300 == 0 else None},
            )
            for n in range(3_000)
        )
    crowd.analyze()
    with world.inside():
        of_him = CallProblem.objects.filter(business_id=world.acme.pk, **{column: world.user})
        assert f"telephony_problem_{INDEX[column]}" in of_him.order_by().explain()


def test_what_goes_with_a_person_is_found_by_an_index(world, call):
    people = [call.lead, *(add_lead(world.acme) for _ in range(9))]
    with world.inside():
        CallProblem.objects.bulk_create(
            CallProblem(business=world.acme, call=call, kind="other", lead=None if n % 3 else people[n % 10])
            for n in range(3_000)
        )
    crowd.analyze()
    with world.inside():
        his = CallProblem.objects.filter(business_id=world.acme.pk, lead=call.lead)
        assert "telephony_problem_lead" in his.order_by().explain()


def test_who_may_not_delete_card_data_reports_it_and_the_owner_is_led_to_the_recording(world, client, call):
    link = f"/b/acme/calls/{call.pk}/problems/?kind=card_data"
    assert '<option value="card_data" selected>' in login(client, world.user).get(link).content.decode()
    client.post(link, {"kind": "card_data", "words": ""})
    text = login(client, world.owner).get(LIST).content.decode()
    assert "Card data was said" in text
    assert f'href="{page(call)}#what-happened"' in text
    assert "Open recording" in text
    assert Entry.objects.get(name="call.problem_reported").sentence.endswith("(card data was said)")
