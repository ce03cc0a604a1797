"""Whatever a query of acme asks, the answer is the same whatever the rival has: Hypothesis writes the queries."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import DatabaseError, models, transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from callcrm.lib.crypto.fields import SealedText
from callcrm.testing import add_call, add_lead
from leads.models import Lead, LeadPhone, Note, Source
from recordings.models import Recording
from telephony.models import Call, Callback, CallLeg, Message, TrackingNumber
from tests.everything import one_of_everything

MODELS = [Lead, LeadPhone, Note, Source, Call, Callback, CallLeg, Message, Recording, TrackingNumber]
Step = Callable[[Any], Any]


@dataclass(frozen=True)
class Asked:
    """A query, and the words that made it, for whoever reads a failure."""

    model: type[models.Model]
    steps: tuple[tuple[str, Step], ...]
    end: tuple[str, Step]

    def __repr__(self) -> str:
        return ".".join([self.model.__name__, *(name for name, _ in self.steps), self.end[0]])

    def answer(self) -> Any:
        """Return what comes out, or which error does: that would tell as well."""
        try:
            with transaction.atomic():
                rows = self.model._base_manager.all()
                for _, step in self.steps:
                    rows = step(rows)
                return self.end[1](rows)
        except (DatabaseError, FieldError, TypeError, ValueError, NotImplementedError) as error:
            return type(error).__name__


def paths(model, depth=1):
    """The fields of a model that can be asked for, and those of what it leads to, behind the wall."""
    for field in model._meta.get_fields():
        if field.is_relation:
            behind = field.related_model in MODELS and depth
            yield from (
                ((f"{field.name}__{path}", leaf) for path, leaf in paths(field.related_model, 0))
                if behind
                else ()
            )
        elif not isinstance(field, SealedText | models.BinaryField):
            yield field.name, field


def values_of(field):
    """Values that rows of both businesses have, and some that nobody has."""
    if field.choices:
        return st.sampled_from([value for value, _ in field.choices])
    kinds = {
        models.BooleanField: st.booleans(),
        models.UUIDField: st.uuids(version=4),
        models.DateTimeField: st.sampled_from(
            [datetime(2001, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)]
        ),
        models.DecimalField: st.sampled_from([0, 480]),
        models.CharField: st.sampled_from(["", "Search", "twilio", "practice", "+15035550191"]),
    }
    found = next((values for kind, values in kinds.items() if isinstance(field, kind)), None)
    return st.integers(0, 70) if found is None else found


@st.composite
def conditions(draw, model):
    path, field = draw(st.sampled_from(sorted(paths(model))), label="path")
    lookup = draw(st.sampled_from(["exact", "gte", "lt", "isnull", "in"]))
    value = draw(st.booleans()) if lookup == "isnull" else draw(values_of(field))
    condition = Q(**{f"{path}__{lookup}": [value] if lookup == "in" else value})
    if draw(st.booleans()):
        condition = ~condition
    return f"{path}__{lookup}={value!r}", condition


@st.composite
def steps(draw, model):
    """One method of a query set."""
    kind = draw(
        st.sampled_from(["filter", "exclude", "either", "annotate", "subquery", "exists", "join", "union"])
    )
    words, condition = draw(conditions(model))
    other_words, other = draw(conditions(model))
    path, _ = draw(st.sampled_from(sorted(paths(model))))
    another = draw(st.sampled_from(MODELS))
    made: dict[str, Step] = {
        "filter": lambda rows: rows.filter(condition),
        "exclude": lambda rows: rows.exclude(condition),
        "either": lambda rows: rows.filter(condition | other),
        "annotate": lambda rows: rows.annotate(extra=draw_aggregate(path)).order_by("extra", "pk"),
        "subquery": lambda rows: rows.filter(pk__in=model._base_manager.filter(other).values("pk")),
        "exists": lambda rows: rows.filter(
            Exists(another._base_manager.filter(business_id=OuterRef("business_id")))
        ),
        "join": lambda rows: rows.filter(**{path: F(path)}),
        "union": lambda rows: rows.union(model._base_manager.filter(condition), all=len(words) % 2 == 0),
    }
    return f"{kind}({words} {other_words} {path} {another.__name__})", made[kind]


def draw_aggregate(path):
    return (Count, Max, Min)[len(path) % 3](path)


def plain(rows):
    return sorted(map(repr, rows))


@st.composite
def queries(draw):
    model = draw(st.sampled_from(MODELS))
    path, _ = draw(st.sampled_from(sorted(paths(model))))
    ends: dict[str, Step] = {
        "list": lambda rows: plain(row.pk for row in rows),
        "values": lambda rows: plain(rows.values()),
        "values of a path": lambda rows: plain(rows.values_list(path, "pk")),
        "grouped": lambda rows: plain(rows.order_by().values(path).annotate(n=Count("pk"))),
        "distinct": lambda rows: plain(rows.order_by().values_list(path).distinct()),
        "aggregate": lambda rows: rows.aggregate(
            Count("pk"), Count(path, distinct=True), Max(path), Min(path)
        ),
        "sum": lambda rows: rows.aggregate(Sum(path)),
        "count": lambda rows: rows.count(),
        "exists": lambda rows: rows.exists(),
        "first": lambda rows: repr(rows.order_by("-pk").values().first()),
        "slice": lambda rows: plain(rows.order_by("pk")[1:3].values()),
    }
    end = draw(st.sampled_from(sorted(ends)))
    return Asked(model, tuple(draw(st.lists(steps(model), max_size=3))), (f"{end} {path}", ends[end]))


@pytest.fixture
def here(world):
    """Acme, with everything and a bit more."""
    mine = one_of_everything(world.acme, world.owner, value=480)
    add_call(world.acme, mine.lead)
    return world


def add_rivals_data(world, leads, calls):
    """What looks like acme's, but is the rival's."""
    theirs = one_of_everything(world.rival, world.rival_owner, name="Ida Brook", value=480)
    for _ in range(leads):
        add_lead(world.rival, name="Ida Brook", value=480)
    for _ in range(calls):
        add_call(world.rival, theirs.lead)


def answers(world, asked):
    with world.inside():
        return [query.answer() for query in asked]


# Without a shrinking phase: the failure names the one query that tells, and making it smaller takes minutes.
@settings(
    max_examples=20,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(st.lists(queries(), min_size=20, max_size=30), st.integers(0, 3), st.integers(0, 3))
def test_no_query_sees_what_the_rival_has(here, asked, leads, calls):
    alone = answers(here, asked)
    with transaction.atomic():
        add_rivals_data(here, leads, calls)
        beside = answers(here, asked)
        transaction.set_rollback(True)
    for query, one, other in zip(asked, alone, beside, strict=True):
        assert one == other, query


@settings(
    max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
@given(st.lists(queries(), min_size=60, max_size=60))
def test_most_of_these_queries_have_an_answer(here, asked):
    """Else the property above would hold of errors alone."""
    found = answers(here, asked)
    refused = [answer for answer in found if isinstance(answer, str) and answer.endswith("Error")]
    assert len(refused) < len(found) / 2, refused
    assert sum(bool(answer) for answer in found) > len(found) / 2
