"""A sealed text gives `<sealed>` to whoever prints, copies, compares or dumps it."""

import csv
import io
import json
import pickle

import pytest
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from django.template import Context, Template

from callcrm.lib.tests.person import (
    NAME,
    Person,
    ada_pending,
)


class TestNothingLeaks:
    """Both while the text waits for its save and after loading."""

    @pytest.fixture(params=["pending", "loaded"])
    def person(self, request, ada) -> Person:
        return ada_pending() if request.param == "pending" else Person.objects.get(pk=ada.pk)

    def test_every_way_to_print_gives_the_mark(self, person):
        name = person.name
        ways = [str(name), repr(name), f"{name}", f"{name:>8}", f"{name!r}", "%s" % name, "".join([name])]  # noqa: UP031  # each way
        assert "|".join(ways) == "|".join(["<sealed>"] * len(ways))

    def test_templates_and_csv_give_the_mark(self, person):
        page = Template("{{ p.name }} {{ p.name|upper }}").render(Context({"p": person}))
        file = io.StringIO()
        csv.writer(file).writerow([person.name])
        assert page == "&lt;sealed&gt; &lt;SEALED&gt;"
        assert file.getvalue().strip() == "<sealed>"

    def test_json_gives_the_mark(self, person):
        assert json.dumps([person.name]) == json.dumps([person.name], cls=DjangoJSONEncoder) == '["<sealed>"]'

    def test_a_pickle_holds_neither_text_nor_ciphertext_and_cannot_be_saved(self, person):
        raw = pickle.dumps(person)
        assert not any(part in raw for part in (b"Ada", b"5550147", b"ada.example"))
        again = pickle.loads(raw)  # noqa: S301  # ours, of a line above
        assert (str(again.name), again.name.masked, again.pk) == ("<sealed>", "<sealed>", person.pk)
        with pytest.raises(TypeError, match="only the attribute"):
            again.name.reveal()
        with pytest.raises(TypeError):
            again.save()

    @pytest.mark.parametrize("form", ["json", "python", "xml", "yaml", "jsonl"])
    def test_dumps_give_the_mark(self, person, form):
        if form == "yaml":
            pytest.importorskip("yaml")
        dumped = str(serializers.serialize(form, [person]))
        assert dumped.count("sealed") == 4
        assert not any(part in dumped for part in ("Ada", "5550147", "ada.example"))

    def test_dictionaries_of_the_model_give_the_mark(self, person):
        assert "Ada" not in repr(model_to_dict(person)) + repr(vars(person))

    def test_forms_of_the_model_have_no_such_input(self):
        assert set(modelform_factory(Person, exclude=()).base_fields) == {
            "business_id",
            "version",
            "label",
            "id",
        }

    def test_a_text_is_never_equal_to_it(self, person):
        assert person.name != NAME
        assert not person.name == NAME  # noqa: SIM201  # the other operator is asked
        assert person.name not in [NAME, "<sealed>"]
        assert "<sealed>" != person.name  # noqa: SIM300 - the text is asked first
        assert NAME not in {person.name: 1}
