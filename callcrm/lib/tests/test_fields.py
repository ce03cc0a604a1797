"""A sealed field keeps its text in the column, opens in its own place, and refuses what it cannot keep."""

import copy
from typing import Any, cast

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from callcrm.errors import Invalid
from callcrm.lib.crypto import envelope, sealed
from callcrm.lib.crypto.envelope import DecryptError
from callcrm.lib.crypto.fields import SealedModel, SealedText
from callcrm.lib.ids import uuid7
from callcrm.lib.tests.person import (
    BUSINESS,
    EMAIL,
    KEYS,
    NAME,
    NOTE,
    PHONE,
    RIVAL,
    Person,
    store,
    stored,
)


class TestReadingAndWriting:
    def test_a_text_is_sealed_in_the_column_and_comes_back(self, ada):
        again = Person.objects.get(pk=ada.pk)
        assert [again.name.reveal(), again.phone.reveal(), again.note.reveal()] == [NAME, PHONE, NOTE]
        assert b"Ada" not in stored(ada, "name")

    def test_the_column_holds_the_wire_format_bound_to_business_model_field_and_row(self, ada):
        place = (str(BUSINESS), "callcrm.person", "name", str(ada.pk))
        assert envelope.unseal(KEYS[BUSINESS], stored(ada, "name"), context=place) == NAME.encode()

    def test_each_field_pads_as_it_says(self, ada):
        assert (len(stored(ada, "name")), len(stored(ada, "note"))) == (32 + 32, 32 + 256)

    def test_the_version_of_the_key_is_written(self, table):
        person = Person.objects.create(name=NAME, version=7)
        assert envelope.version_of(stored(person, "name")) == 7

    def test_masks_are_those_of_the_interface(self, ada):
        again = Person.objects.get(pk=ada.pk)
        assert (again.name.masked, again.phone.masked) == ("Ada E.", "+1(212)***-**47")
        assert (again.email.masked, again.note.masked) == ("ad***@example.com", "call +1(212)***-**47")

    def test_a_text_can_be_read_before_it_is_saved_and_is_marked_already(self):
        person = Person(name=NAME)
        assert (person.name.reveal(), person.name.masked, str(person.name)) == (NAME, "Ada E.", "<sealed>")

    def test_saving_leaves_no_plain_text_in_the_instance(self, ada):
        assert all(NAME not in repr(getattr(value, "_content", "")) for value in vars(ada).values())

    def test_none_and_the_empty_text_are_distinct(self, table):
        pk = Person.objects.create(name="", phone=None, email="").pk
        person = Person.objects.get(pk=pk)
        assert person.phone is None
        assert person.email.reveal() == ""
        assert not person.email
        assert list(Person.objects.filter(phone__isnull=True)) == [person]
        assert not Person.objects.filter(email__isnull=True).exists()

    def test_something_is_true(self, ada):
        assert Person.objects.get(pk=ada.pk).name
        assert Person(name="x").name

    def test_ids_may_be_given_as_texts(self, table, monkeypatch):
        written = {"pk": str(uuid7()).upper(), "business_id": str(BUSINESS).upper()}
        person = Person(name=NAME, **written)
        monkeypatch.setattr(person, "sealing_key", lambda: KEYS[BUSINESS])
        person.save()
        assert Person.objects.get().name.reveal() == NAME

    def test_bulk_create_seals(self, table):
        Person.objects.bulk_create([Person(name=f"Ada {n}", phone=None) for n in range(3)])
        assert {person.name.reveal() for person in Person.objects.all()} == {"Ada 0", "Ada 1", "Ada 2"}

    def test_saving_again_keeps_what_was_not_changed(self, ada):
        before = stored(ada, "name"), stored(ada, "phone")
        again = Person.objects.get(pk=ada.pk)
        again.phone = "+12125550148"
        again.save()
        assert stored(ada, "name") == before[0]
        assert stored(ada, "phone") != before[1]

    def test_single_fields_are_saved(self, ada):
        ada.name, ada.phone = "Bea Example", "+12125550148"
        ada.save(update_fields=["name"])
        again = Person.objects.get(pk=ada.pk)
        assert (again.name.reveal(), again.phone.reveal()) == ("Bea Example", PHONE)

    def test_refreshing_drops_what_was_not_saved(self, ada):
        ada.name = "Bea Example"
        ada.refresh_from_db()
        assert ada.name.reveal() == NAME
        ada.save()
        assert Person.objects.get(pk=ada.pk).name.reveal() == NAME

    @pytest.mark.parametrize("queryset", [Person.objects.only("label"), Person.objects.defer("name")])
    def test_deferred_fields_load_with_one_query(self, ada, queryset, django_assert_num_queries):
        person = queryset.get()
        _ = person.business_id
        with django_assert_num_queries(1):
            assert person.name.reveal() == NAME

    def test_a_row_with_deferred_fields_can_be_saved(self, ada):
        person = Person.objects.defer("name").get()
        person.label = "y"
        person.save()
        assert Person.objects.get().name.reveal() == NAME

    def test_get_or_create_and_update_or_create_take_texts_as_values(self, table):
        person, _ = Person.objects.get_or_create(label="x", defaults={"name": NAME})
        Person.objects.update_or_create(label="x", defaults={"name": "Bea Example"})
        assert Person.objects.get(pk=person.pk).name.reveal() == "Bea Example"

    def test_an_upsert_seals(self, ada):
        twin = Person(pk=ada.pk, name="Bea Example")
        Person.objects.bulk_create(
            [twin], update_conflicts=True, update_fields=["name"], unique_fields=["id"]
        )
        assert Person.objects.get(pk=ada.pk).name.reveal() == "Bea Example"


class TestAllOfUnicode:
    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
    def test_every_text_comes_back(self, text: str) -> None:
        person = Person(note=text)
        column: Any = Person._meta.get_field("note")
        loaded = Person(
            pk=person.pk, note=column.from_db_value(column.pre_save(person, add=True), None, None)
        )
        assert loaded.note.reveal() == text
        assert bool(loaded.note) == (text != "")

    @given(st.text(st.characters(), max_size=20), st.sampled_from(["\0", "\ud800", "\udfff"]))
    def test_nul_and_lone_surrogates_never_pass(self, text, sign):
        with pytest.raises(Invalid):
            Person(note=text + sign)


class TestOtherRows:
    def test_the_attribute_of_another_row_is_sealed_anew(self, ada):
        bea = Person.objects.create(name=Person.objects.get(pk=ada.pk).name, business_id=RIVAL)
        assert Person.objects.get(pk=bea.pk).name.reveal() == NAME
        assert stored(ada, "name") != stored(bea, "name")

    def test_a_value_can_move_to_another_field_of_its_row(self, ada):
        ada.note = ada.name
        ada.save()
        assert Person.objects.get(pk=ada.pk).note.reveal() == NAME

    def test_a_clone_by_a_new_id_is_refused_before_it_is_unreadable(self, ada):
        clone = Person.objects.get(pk=ada.pk)
        clone.pk = uuid7()
        with pytest.raises(TypeError, match="another row"):
            clone.save(force_insert=True)

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
    def test_a_copy_opens_and_saves(self, ada, copied):
        twin = copied(Person.objects.get(pk=ada.pk))
        assert twin.name.reveal() == NAME
        twin.name = "Bea Example"
        twin.save()
        assert Person.objects.get(pk=ada.pk).name.reveal() == "Bea Example"

    def test_a_ciphertext_put_into_another_row_does_not_open(self, ada):
        bea = Person.objects.create(name="Bea Example")
        store(bea, "name", stored(ada, "name"))
        with pytest.raises(DecryptError):
            Person.objects.get(pk=bea.pk).name.reveal()

    def test_a_ciphertext_put_into_another_field_does_not_open(self, ada):
        store(ada, "note", stored(ada, "name"))
        with pytest.raises(DecryptError):
            Person.objects.get(pk=ada.pk).note.reveal()

    def test_a_row_given_to_another_business_does_not_open_even_under_the_same_key(self, ada, monkeypatch):
        monkeypatch.setitem(KEYS, RIVAL, KEYS[BUSINESS])
        Person.objects.update(business_id=RIVAL)
        with pytest.raises(DecryptError):
            Person.objects.get(pk=ada.pk).name.reveal()


class TestWhatDoesNotOpen:
    @pytest.fixture
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[sealed.Unreadable]:
        failures: list[sealed.Unreadable] = []
        monkeypatch.setattr(sealed, "on_decrypt_failure", failures.append)
        return failures

    @pytest.fixture
    def broken(self, ada) -> Person:
        store(ada, "name", stored(ada, "phone"))
        return Person.objects.get(pk=ada.pk)

    def test_its_mask_says_so_and_the_listener_hears_where(self, broken, told):
        assert broken.name.masked == "unreadable"
        assert told == [sealed.Unreadable(str(BUSINESS), "callcrm.person", "name", str(broken.pk))]

    def test_without_a_listener_it_is_logged_without_data(self, broken, caplog):
        _ = broken.name.masked
        assert caplog.messages == ["crypt_decrypt_fail"]
        assert "Ada" not in repr(vars(caplog.records[0]))

    def test_it_is_kept_when_the_row_is_saved(self, broken, told):
        before = stored(broken, "name")
        broken.label = "y"
        broken.save()
        assert stored(broken, "name") == before

    def test_it_can_be_replaced(self, broken):
        broken.name = "Bea Example"
        broken.save()
        assert Person.objects.get(pk=broken.pk).name.reveal() == "Bea Example"

    def test_it_is_something(self, broken):
        assert bool(broken.name) is True

    @pytest.mark.parametrize("content", [b"", b"Ada", b"\x02" * 80, bytes(1000)])
    def test_bytes_that_never_were_sealed_are_unreadable(self, ada, told, content):
        store(ada, "name", content)
        assert Person.objects.get(pk=ada.pk).name.masked == "unreadable"


class TestWhatIsRefused:
    @pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 201, "<sealed>"])
    def test_texts_that_cannot_be_stored(self, text):
        with pytest.raises(Invalid) as refused:
            Person(name=text)
        assert list(refused.value.fields) == ["name"]
        assert text not in str(refused.value.fields)

    def test_a_text_that_fits_in_characters_and_not_in_bytes(self):
        Person(note="x" * 65_535)
        with pytest.raises(Invalid):
            Person(note="€" * 30_000)

    @pytest.mark.parametrize("value", [1, b"x", ["x"], object()])
    def test_what_is_no_text(self, value):
        with pytest.raises(TypeError):
            Person(name=value)

    def test_full_clean_asks_for_what_must_be_there(self):
        with pytest.raises(ValidationError) as refused:
            Person(name="", phone="", email=EMAIL, note=NOTE).full_clean(validate_unique=False)
        assert set(refused.value.message_dict) == {"phone", "label"}
        person = Person(name="", phone=PHONE, email=EMAIL, note=NOTE, label="x")
        person.full_clean(validate_unique=False)
        assert person.phone.reveal() == PHONE

    def test_the_field_validates_a_text_of_its_own(self):
        field = Person._meta.get_field("name")
        assert field.clean("x", None) == "x"
        with pytest.raises(ValidationError):
            field.clean("x" * 201, None)
        with pytest.raises(ValidationError):
            field.clean(None, None)

    def test_a_row_without_an_id_or_a_business(self, table):
        with pytest.raises(TypeError, match="known before"):
            Person(name=NAME, business_id=None).save()

    @pytest.mark.parametrize("option", ["unique", "primary_key", "db_index"])
    def test_options_that_compare(self, option):
        with pytest.raises(ValueError, match=option):
            SealedText(**{option: True})

    @isolate_apps("callcrm")
    def test_the_check_asks_for_a_sealed_model(self):
        class Loose(models.Model):
            name = SealedText()

            class Meta:
                app_label = "callcrm"

        assert [error.id for error in Loose._meta.get_field("name").check()] == ["callcrm.E001"]

    @isolate_apps("callcrm")
    def test_the_check_sees_orders_indexes_and_constraints(self):
        class Sorted(SealedModel):
            one, two, three, four, five = (SealedText() for _ in range(5))

            class Meta:
                app_label = "callcrm"
                ordering = ["-one"]
                indexes = [models.Index(fields=["two"], name="two")]
                constraints = [models.UniqueConstraint(fields=["three"], name="three")]
                unique_together = [("four", "id")]

        found = {field.name: [error.id for error in field.check()] for field in Sorted._meta.fields[1:]}
        assert found == {name: ["callcrm.E002"] for name in ("one", "two", "three", "four")} | {"five": []}

    def test_a_model_must_say_its_key(self):
        with pytest.raises(NotImplementedError, match="Person"):
            SealedModel.sealing_key(Person())


def test_a_migration_can_write_the_field_down():
    note, name = (cast("SealedText[Any, Any]", Person._meta.get_field(field)) for field in ("note", "name"))
    _, path, args, kwargs = note.deconstruct()
    assert path == "callcrm.lib.crypto.fields.SealedText"
    assert (args, kwargs) == ([], {"pad": 256, "null": True})
    assert name.deconstruct()[3] == {"max_length": 200, "blank": True}
