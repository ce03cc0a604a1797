"""Logging in, below the page and the API."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import limits, login
from accounts.models import User
from audit.models import Entry
from callcrm.errors import NotAuthenticated, TooMany
from callcrm.testing import PASSWORD, add_superuser, make_world


def guess(email="owner@acme.example", password="wrong", address="203.0.113.7"):  # noqa: S107  # of nobody
    request = RequestFactory().post("/login", REMOTE_ADDR=address)
    return login.authenticate(request, email, password, "page")


def fail(times, **how):
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            guess(**how)


def test_the_right_password_gives_the_user_in_whatever_case_the_email_is_typed(world):
    assert guess(" Owner@ACME.example ", PASSWORD) == world.owner.user


@pytest.mark.parametrize("email", ["owner@acme.example", "nobody@acme.example", "away@acme.example"])
def test_wrong_unknown_and_switched_off_are_told_alike(world, email):
    User.objects.create_user("away@acme.example", PASSWORD, is_active=False)
    with pytest.raises(NotAuthenticated, match=login.WRONG):
        guess(email, PASSWORD if email.startswith("away") else "wrong")


@pytest.mark.parametrize(
    ("email", "password"), [("a\0b", "x"), ("owner@acme.example", "\0"), ("", ""), ("x", "y" * 10**6)]
)
def test_what_nobody_could_have_is_wrong_and_no_fault(world, email, password):
    with pytest.raises(NotAuthenticated):
        guess(email, password)


def test_the_sixth_try_of_an_address_waits_even_with_the_right_password(world):
    fail(5)
    with pytest.raises(TooMany) as refused:
        guess(password=PASSWORD)
    assert refused.value.limit == "login"
    assert 0 < refused.value.retry_after <= 15 * 60
    assert guess(password=PASSWORD, address="203.0.113.8") == world.owner.user


def test_an_address_that_tries_many_accounts_waits_too(world):
    for n in range(5):
        fail(1, email=f"person{n}@acme.example")
    with pytest.raises(TooMany):
        guess("admin@acme.example", PASSWORD)


def test_neighbours_in_one_ipv6_network_count_as_one(world):
    for n in range(5):
        fail(1, address=f"2001:db8:0:7::{n + 1}")
    with pytest.raises(TooMany):
        guess(address="2001:db8:0:7::ffff")
    fail(1, address="2001:db8:0:8::1")


def test_an_account_that_many_addresses_try_waits_in_the_end(world):
    for n in range(20):
        fail(1, address=f"198.51.100.{n}")
    with pytest.raises(TooMany) as refused:
        guess(address="198.51.100.99")
    assert refused.value.limit == "login.account"
    fail(1, email="admin@acme.example", address="198.51.100.99")


def test_successes_do_not_count(world):
    for _ in range(8):
        guess(password=PASSWORD)
    fail(5)


def test_a_refused_try_does_not_make_the_wait_longer_for_others(world):
    fail(5)
    for _ in range(3):
        with pytest.raises(TooMany):
            guess()
    assert limits.count(limits.LOGIN, "203.0.113.7", increment=False).remaining == 0
    limits.give_back(limits.LOGIN, "203.0.113.7")
    assert guess(password=PASSWORD) == world.owner.user


def test_failures_stand_in_the_history_of_the_business_and_name_nobody(world):
    fail(5)
    for _ in range(2):
        with pytest.raises(TooMany):
            guess()
    names = [entry.name for entry in Entry.objects.of(world.acme.pk) if entry.name.startswith("auth.")]
    assert sorted(names) == ["auth.locked_out"] + ["auth.log_in_failed"] * 5
    assert not Entry.objects.filter(data__icontains="@").exists()


def test_failures_of_unknown_accounts_belong_to_nobody(world):
    fail(1, email="nobody@acme.example")
    assert Entry.objects.get(name="auth.log_in_failed").business_id is None


def test_known_and_unknown_accounts_ask_the_database_alike(world):
    costs = []
    for n, email in enumerate(["owner@acme.example", "nobody@acme.example"]):
        with CaptureQueriesContext(connection) as asked:
            fail(1, email=email, address=f"192.0.2.{n}")
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_a_superuser_belongs_to_no_history_of_a_business(world):
    root = add_superuser()
    login.logged_in(root, "page")
    assert Entry.objects.get(name="auth.logged_in").business_id is None


@pytest.mark.django_db(transaction=True)
def test_thirty_guesses_at_once_are_five_chances():
    make_world()
    cache.clear()

    def one(n):
        try:
            return guess(password=f"wrong {n}")
        except (NotAuthenticated, TooMany) as refused:
            return type(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(one, range(30)))
    assert answers.count(NotAuthenticated) == 5
    assert answers.count(TooMany) == 25
