"""A query gives the mark, and can neither search, sort nor overwrite by a sealed field."""

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Upper

from callcrm.errors import Invalid
from callcrm.lib.crypto.sealed import Sealed
from callcrm.lib.tests.person import NAME, Person


class TestQueries:
    @pytest.mark.parametrize(
        "read",
        [
            lambda q: q.values("name")[0]["name"],
            lambda q: q.values_list("name", flat=True)[0],
            lambda q: q.values_list("name", named=True)[0].name,
            lambda q: q.annotate(other=F("name"))[0].other,
            lambda q: q.aggregate(most=models.Max("name"))["most"],
        ],
    )
    def test_values_give_the_mark_and_cannot_be_opened(self, ada, read):
        value = read(Person.objects.all())
        assert isinstance(value, Sealed)
        assert (str(value), value.masked) == ("<sealed>", "<sealed>")
        with pytest.raises(TypeError):
            value.reveal()
        assert value

    @pytest.mark.parametrize(
        "lookup",
        [
            "exact",
            "iexact",
            "contains",
            "icontains",
            "startswith",
            "in",
            "gt",
            "lt",
            "range",
            "regex",
            "length",
            "length__gt",
            "x",
        ],
    )
    def test_lookups_are_refused(self, lookup):
        with pytest.raises(FieldError, match="sealed"):
            Person.objects.filter(**{f"name__{lookup}": NAME})
        with pytest.raises(FieldError, match="sealed"):
            Person.objects.exclude(Q(**{f"name__{lookup}": NAME}))

    def test_a_plain_comparison_is_refused(self):
        for ask in (Person.objects.filter, Person.objects.get, Person.objects.get_or_create):
            with pytest.raises(FieldError, match="sealed"):
                ask(name=NAME)

    def test_filtering_an_annotation_of_it_is_refused(self):
        with pytest.raises(FieldError, match="sealed"):
            Person.objects.annotate(other=F("name")).filter(other=NAME)

    @pytest.mark.parametrize("order", ["name", "-name", "phone"])
    def test_ordering_by_it_is_refused(self, table, order):
        with pytest.raises(FieldError, match="random"):
            list(Person.objects.order_by("label", order))

    def test_other_orders_and_subqueries_are_not_disturbed(self, ada):
        inner = Person.objects.filter(name__isnull=False).order_by("label")
        assert list(Person.objects.filter(pk__in=inner.values("pk")).order_by("label", "-id")) == [ada]

    def test_update_is_refused(self, ada):
        for value in (
            NAME,
            ada.name,
            b"x",
            Sealed(b"x"),
            next(iter(Person.objects.values_list("name", flat=True))),
        ):
            with pytest.raises(TypeError, match="saving"), transaction.atomic():
                Person.objects.update(name=value)
        for expression in (F("phone"), Value("x"), Upper("label")):
            with pytest.raises(FieldError), transaction.atomic():
                Person.objects.update(name=expression)
        assert Person.objects.get().name.reveal() == NAME

    def test_update_to_none_forgets(self, ada):
        Person.objects.update(phone=None)
        assert Person.objects.get().phone is None

    def test_bulk_update_is_refused(self, ada):
        ada.name = "Bea Example"
        with pytest.raises((TypeError, FieldError)):
            Person.objects.bulk_update([ada], ["name"])

    def test_an_expression_is_never_saved(self, ada):
        ada.name = F("label")
        with pytest.raises(FieldError):
            ada.save()

    def test_a_dump_cannot_be_loaded_over_the_values(self, ada):
        row = {"model": "callcrm.person", "pk": str(ada.pk), "fields": {"name": "<sealed>"}}
        with pytest.raises(Invalid):
            list(serializers.deserialize("python", [row]))
        assert Person.objects.get().name.reveal() == NAME
