"""Tokens: what is good opens, and everything else is a 401, whatever it is made of."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import jwt
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import sessions, team, tokens
from accounts.models import ApiSession, User
from accounts.permissions import Role
from audit.models import Entry
from callcrm.testing import PASSWORD, add_member, add_superuser, make_world

TOKEN = "/api/v1/auth/token/"
USERS = "/api/v1/users/"


def post(path, data, **headers):
    return Client(headers=headers).post(path, data, content_type="application/json")


def log_in(member, **more):
    answer = post(TOKEN, {"email": member.user.email, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def ask(access):
    return Client().get(USERS, headers={"Authorization": f"Bearer {access}"})


def refresh(token):
    return post(TOKEN + "refresh/", {"refresh": token})


def error(answer):
    return {name: value for name, value in answer.json()["error"].items() if name != "request_id"}


def forged(who, secret=None, algorithm="HS256", header=None, **claims):
    """A token of a live session with some claims changed; None takes one away."""
    pair = tokens.start(who)
    payload = jwt.decode(pair.access, options={"verify_signature": False}) | claims
    kid, key = next(iter(settings.JWT_KEYS.items()))
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret or key, algorithm=algorithm, headers={"kid": kid} | (header or {}))


def test_the_password_gives_a_pair_for_the_one_business(world):
    answer = log_in(world.owner)
    assert set(answer) == {"access", "refresh", "business"}
    assert answer["business"] == "acme"
    assert ask(answer["access"]).status_code == 200
    claims = jwt.decode(answer["access"], options={"verify_signature": False})
    assert {"user", "member", "business", "tv", "sid", "auth_time"} <= set(claims)
    assert (claims["iss"], claims["aud"]) == ("callcrm", "callcrm-api")
    assert jwt.get_unverified_header(answer["access"])["kid"] in settings.JWT_KEYS


def test_a_log_in_is_in_the_history_and_no_token_is_in_the_database(world):
    answer = log_in(world.owner)
    assert Entry.objects.of(world.acme.pk).filter(name="auth.logged_in").count() == 1
    session = ApiSession.objects.get()
    assert session.refresh_hash not in answer["refresh"]
    assert len(session.refresh_hash) == 64


def test_who_has_two_businesses_says_which(world):
    team.add(world.rival, world.owner.user, Role.USER, by=None)
    answer = post(TOKEN, {"email": world.owner.user.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert "acme, rival" in answer.json()["error"]["fields"]["business"][0]
    assert log_in(world.owner, business="rival")["business"] == "rival"


@pytest.mark.parametrize("slug", ["rival", "nobody"])
def test_a_business_of_others_and_none_at_all_are_alike(world, slug):
    answer = post(TOKEN, {"email": world.owner.user.email, "password": PASSWORD, "business": slug})
    assert answer.status_code == 404


def test_wrong_unknown_switched_off_and_nowhere_at_home_are_told_alike(world):
    User.objects.create_user("off@acme.example", PASSWORD, is_active=False)
    add_superuser()
    team.remove(world.user, by=world.owner)
    tries = [
        ("owner@acme.example", "wrong"),
        ("nobody@acme.example", PASSWORD),
        ("off@acme.example", PASSWORD),
        ("root@platform.example", PASSWORD),
        (world.user.user.email, PASSWORD),
    ]
    answers = [post(TOKEN, {"email": email, "password": password}) for email, password in tries]
    assert {answer.status_code for answer in answers} == {401}
    assert all(error(answer) == error(answers[0]) for answer in answers)
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


def test_only_failures_count_and_the_sixth_waits(world):
    for _ in range(7):
        log_in(world.owner)
    codes = [post(TOKEN, {"email": "owner@acme.example", "password": "wrong"}).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    refused = post(TOKEN, {"email": "owner@acme.example", "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "login" in refused.json()["error"]["message"]


def test_a_second_factor_that_nobody_has_is_refused_by_name(world):
    given = {"email": world.owner.user.email, "password": PASSWORD}
    assert error(post(TOKEN, given | {"otp": "123456"}))["fields"].keys() == {"otp"}
    assert post(TOKEN, given | {"otp": ""}).status_code == 200
    assert error(post(TOKEN, given | {"remember": True}))["fields"].keys() == {"remember"}


@pytest.mark.parametrize(
    "end",
    [
        lambda w, p: post(TOKEN + "revoke/", {"refresh": p["refresh"]}),
        lambda w, p: team.change_role(w.admin, Role.USER, by=w.owner),
        lambda w, p: team.remove(w.admin, by=w.owner),
        lambda w, p: sessions.set_password(w.admin.user, "Another-Password-1", by=w.admin),
        lambda w, p: User.objects.filter(pk=w.admin.user_id).update(is_active=False),
        lambda w, p: User.objects.filter(pk=w.admin.user_id).delete(),
        lambda w, p: ApiSession.objects.update(expires_at=timezone.now()),
    ],
    ids=["revoke", "role", "removal", "password", "switched off", "deleted", "too old"],
)
def test_a_token_ends_within_one_request(world, end):
    pair = log_in(world.admin)
    assert ask(pair["access"]).status_code == 403  # an admin; the token itself is good
    end(world, pair)
    answer = ask(pair["access"])
    assert answer.status_code == 401
    assert refresh(pair["refresh"]).status_code == 401
    assert post(TOKEN + "revoke/", {"refresh": pair["refresh"]}).status_code in (204, 401)


def test_the_state_of_a_token_is_one_question(world, django_assert_num_queries):
    access = tokens.start(world.owner).access
    with django_assert_num_queries(1):
        session = tokens.session_of(access)
        assert session.member.business.slug == "acme"
        assert session.member.user.email == "owner@acme.example"


def test_refreshing_gives_another_pair_and_keeps_the_log_in_time(world):
    first = log_in(world.owner)
    second = refresh(first["refresh"]).json()
    assert set(second) == {"access", "refresh"}
    assert ask(second["access"]).status_code == 200
    old, new = (jwt.decode(p["refresh"], options={"verify_signature": False}) for p in (first, second))
    assert old["auth_time"] == new["auth_time"]
    assert old["sid"] == new["sid"]


def test_no_token_outlives_its_session(world):
    pair = tokens.start(world.owner)
    session = ApiSession.objects.get()
    soon = timezone.now() + timedelta(seconds=50)
    ApiSession.objects.filter(pk=session.pk).update(expires_at=soon)
    pair = refresh(pair.refresh).json()
    expiries = [jwt.decode(t, options={"verify_signature": False})["exp"] for t in pair.values()]
    assert max(expiries) <= soon.timestamp()


def test_an_old_refresh_token_ends_the_session_of_whoever_has_the_new_one(world):
    first = log_in(world.owner)
    second = refresh(first["refresh"]).json()
    assert refresh(first["refresh"]).status_code == 401
    assert ask(second["access"]).status_code == 401
    assert refresh(second["refresh"]).status_code == 401
    reused = Entry.objects.of(world.acme.pk).get(name="auth.token_reused")
    assert reused.actor == world.owner.audit_actor


def test_a_reuse_ends_one_session_and_not_the_others(world):
    first, other = log_in(world.owner), log_in(world.owner)
    refresh(first["refresh"])
    refresh(first["refresh"])
    assert ask(other["access"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_six_who_refresh_at_once_one_wins_and_the_session_ends():
    world = make_world()
    pair = log_in(world.owner)
    together = Barrier(6)

    def one(_):
        together.wait()
        try:
            answer = refresh(pair["refresh"])
            return answer.status_code, answer.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(one, range(6)))
    assert sorted(status for status, _ in answers) == [200] + [401] * 5
    winner = next(body for status, body in answers if status == 200)
    assert ask(winner["access"]).status_code == 401
    assert Entry.objects.filter(name="auth.token_reused").count() == 1


def test_revoking_twice_is_no_fault_and_ends_it_once(world):
    pair = log_in(world.owner)
    codes = [post(TOKEN + "revoke/", {"refresh": pair["refresh"]}).status_code for _ in range(2)]
    assert codes == [204, 204]
    assert Entry.objects.filter(name="auth.session_ended").count() == 1


def b64(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


NOT_A_KEY = "k" * 40
ODD = {
    "nothing": lambda m: "",
    "one word": lambda m: "x",
    "two parts": lambda m: "a.b",
    "no json": lambda m: "a.b.c",
    "other key": lambda m: forged(m, secret=NOT_A_KEY),
    "unknown kid": lambda m: forged(m, header={"kid": "ffffffff"}),
    "kid is a path": lambda m: forged(m, header={"kid": "../../dev/null"}),
    "no signature": lambda m: f"{b64({'alg': 'none', 'typ': 'JWT'})}.{forged(m).split('.')[1]}.",
    "none with our kid": lambda m: (
        f"{b64({'alg': 'none', 'kid': next(iter(settings.JWT_KEYS))})}.{forged(m).split('.')[1]}."
    ),
    "another hash": lambda m: forged(m, algorithm="HS512"),
    "claims to be RS256": lambda m: (
        f"{b64({'alg': 'RS256', 'kid': next(iter(settings.JWT_KEYS))})}.{forged(m).split('.', 1)[1]}"
    ),
    "refresh as access": lambda m: tokens.start(m).refresh,
    "expired": lambda m: forged(m, exp=int(time.time()) - 1),
    "not yet": lambda m: forged(m, nbf=int(time.time()) + 60),
    "never": lambda m: forged(m, exp=None),
    "beyond all time": lambda m: forged(m, exp=10**30),
    "other audience": lambda m: forged(m, aud="billing"),
    "no audience": lambda m: forged(m, aud=None),
    "other issuer": lambda m: forged(m, iss="https://elsewhere.example"),
    "no session": lambda m: forged(m, sid=None),
    "session of nobody": lambda m: forged(m, sid="018f0000-0000-7000-8000-000000000000"),
    "session is a list": lambda m: forged(m, sid=["x"]),
    "version is text": lambda m: forged(m, tv="one"),
    "version is endless": lambda m: forged(m, tv=10**40),
    "another member": lambda m: forged(m, member="018f0000-0000-7000-8000-000000000000"),
    "no type": lambda m: forged(m, token_type=None),
    "no claims": lambda m: jwt.encode({}, next(iter(settings.JWT_KEYS.values()))),
    "claims are a list": lambda m: f"{b64({'alg': 'HS256', 'kid': 'x'})}.{b64([])}.AAAA",
    "header is deep": lambda m: f"{base64.urlsafe_b64encode(b'[' * 30_000).decode().rstrip('=')}.e30.AAAA",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_token_is_refused_like_every_other(world, name):
    token = ODD[name](world.owner)
    answer = ask(token)
    assert answer.status_code == 401
    assert error(answer)["code"] == "not_authenticated"
    if token:
        assert refresh(token).status_code in ((200,) if name == "refresh as access" else (401, 400))


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer a b", "Basic b3duZXI6cHc=", "bearer", "Bearer \xff\xfe", "Token x"]
)
def test_an_odd_header_is_no_token(world, header):
    assert Client().get(USERS, headers={"Authorization": header}).status_code == 401


def test_an_access_token_refreshes_and_revokes_nothing(world):
    pair = log_in(world.owner)
    assert refresh(pair["access"]).status_code == 401
    assert post(TOKEN + "revoke/", {"refresh": pair["access"]}).status_code == 401
    assert ask(pair["access"]).status_code == 200


def test_a_session_cookie_opens_no_api(world):
    client = Client()
    client.force_login(world.owner.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(USERS).status_code == 401


def test_the_key_before_verifies_and_the_new_one_signs(world, settings):
    old = log_in(world.owner)["access"]
    settings.JWT_KEYS = {"aaaaaaaa": "n" * 40, **settings.JWT_KEYS}
    assert ask(old).status_code == 200
    new = log_in(world.owner)["access"]
    assert jwt.get_unverified_header(new)["kid"] == "aaaaaaaa"
    settings.JWT_KEYS = {"aaaaaaaa": "n" * 40}
    assert ask(old).status_code == 401
    assert ask(new).status_code == 200


def test_a_token_of_one_business_is_none_of_another(world):
    team.add(world.rival, world.owner.user, Role.OWNER, by=None)
    access = log_in(world.owner, business="rival")["access"]
    emails = {row["email"] for row in ask(access).json()["results"]}
    assert emails == {"owner@rival.example", "owner@acme.example"}


def test_an_open_platform_visit_gives_no_token(world):
    from accounts import visits

    root = add_superuser()
    visits.start(root, world.acme, "a question about billing")
    answer = post(TOKEN, {"email": root.email, "password": PASSWORD, "business": "acme"})
    assert answer.status_code == 401


def test_requests_are_counted_by_user_and_strangers_by_address(world, settings):
    settings.RATE_LIMIT_API, settings.RATE_LIMIT_API_ANONYMOUS = "3/15m", "2/15m"
    colleague = add_member(world.acme, Role.OWNER, "second@acme.example")
    access = tokens.start(world.owner).access
    answers = [ask(access) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 15 * 60
    assert int(answers[3].headers["RateLimit-Reset"]) == int(answers[3].headers["Retry-After"])
    assert ask(tokens.start(colleague).access).status_code == 200
    assert [ask("x").status_code for _ in range(3)] == [401, 401, 429]
    assert ask(tokens.start(colleague).access).status_code == 200
