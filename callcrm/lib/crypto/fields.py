"""Model fields whose column holds sealed bytes; the attribute is a `Sealed`.

A row decrypts when it is asked and not when it is loaded, so a list costs nothing until its masks are drawn
and `values()`, pickles, dumps and admin pages show `<sealed>`. The row gives its key, and is part of what the
value is bound to: business, model, field, id. Renaming a model or a field, or moving a row to another
business, therefore needs its values sealed anew.

Refused: every lookup but `isnull`, `order_by` by name, `update()`, `bulk_update()`, `loaddata`, uniqueness.
What Django gives no hook for (`order_by(F("name"))`, database functions) works on ciphertext and tells
nothing. Writing is `row.name = "text"`, then `save()`, `bulk_create()` or `save(update_fields=["name"])`.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.core import checks
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models.expressions import Col
from django.db.models.query_utils import DeferredAttribute

from callcrm.errors import Invalid
from callcrm.lib import masking
from callcrm.lib.crypto.envelope import LONGEST
from callcrm.lib.crypto.sealed import MARK, Place, Sealed

__all__ = ["Sealed", "SealedEmail", "SealedModel", "SealedName", "SealedPhone", "SealedText"]

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:
    _Column = models.Field
else:

    class _Column(models.Field):
        """Django's Field takes type parameters in its stubs only."""

        def __class_getitem__(cls, _: Any) -> type:
            return cls


class SealedModel(models.Model):
    """A row with sealed fields. It knows its id and its business before it is saved, and finds its key."""

    if TYPE_CHECKING:
        business_id: UUID

    class Meta:
        abstract = True

    def sealing_key(self) -> bytes:
        """The 32 bytes that seal this row's values. Raises DecryptError where the key is gone."""
        raise NotImplementedError(f"{type(self).__name__} does not say which key seals it")

    @property
    def sealing_version(self) -> int:
        """The version of that key; it is written into what is sealed."""
        return 1


class _ForColumn(bytes):
    """Sealed bytes on their way from `pre_save` to the database; nothing else may be written there."""


class _SealedCol(Col):
    def resolve_expression(self, query: Any = None, *args: Any, **kwargs: Any) -> Any:
        ordering = (item for item in getattr(query, "order_by", ()) if isinstance(item, str))
        if any(item.lstrip("-").split("__")[-1] == self.target.name for item in ordering):
            raise FieldError(f"{self.target} is sealed: its order is random. Order by another field.")
        return super().resolve_expression(query, *args, **kwargs)


class SealedAttribute(DeferredAttribute):
    """Gives a `Sealed` that knows its row; takes a text, None, or another row's `Sealed`."""

    field: "SealedText[Any, Any]"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        return value.at(Place(instance, self.field)) if isinstance(value, Sealed) else value

    def __set__(self, instance: Any, value: object) -> None:
        instance.__dict__[self.field.attname] = self._kept(instance, value)

    def _kept(self, instance: Any, value: object) -> Any:
        if isinstance(value, Sealed):
            return value.moved_to(Place(instance, self.field))
        if isinstance(value, str):
            return Sealed(self.field.accepted(value))
        if value is None or hasattr(value, "resolve_expression"):
            return value  # an expression is refused by `pre_save`; Django assigns some of its own before
        raise TypeError(f"{self.field} takes a text or None, not {type(value).__name__}")


class SealedText(_Column[_ST, _GT]):
    """A text that is sealed at rest. `pad` hides its length in steps of so many bytes."""

    if TYPE_CHECKING:
        _pyi_private_set_type: str | Sealed
        _pyi_private_get_type: Sealed
        _pyi_lookup_exact_type: None

    descriptor_class = SealedAttribute
    empty_strings_allowed = False
    mask: Callable[[str], str] = staticmethod(masking.redact)

    def __init__(self, *args: Any, pad: int = 32, **kwargs: Any) -> None:
        for option in ("unique", "primary_key", "db_index", "choices", "db_default"):
            if kwargs.get(option):
                raise ValueError(f"a sealed field cannot have {option}")
        self.pad = pad
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs if self.pad == 32 else {**kwargs, "pad": self.pad}

    def get_internal_type(self) -> str:
        return "BinaryField"

    @cached_property
    def sealed_label(self) -> str:
        return self.model._meta.label_lower

    # What may be stored

    def accepted(self, text: str) -> str:
        problem = self._problem_with(text)
        if problem:
            raise Invalid(fields={self.name: [problem]})
        return text

    def _problem_with(self, text: str) -> str | None:
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            return "This text holds a character that is none."
        if "\0" in text or text == MARK:
            return "This text cannot be stored."
        longest = self.max_length if self.max_length is not None else LONGEST
        return f"At most {longest} characters." if len(text) > longest or size > LONGEST else None

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        if value is None and not self.null:
            raise ValidationError(self.error_messages["null"], code="null")
        if value is not None and not self.blank and not value:
            raise ValidationError(self.error_messages["blank"], code="blank")
        if isinstance(value, str) and not isinstance(value, Sealed):
            problem = self._problem_with(value)
            if problem:
                raise ValidationError(problem, code="invalid")
        return value

    # To the database and back

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise FieldError(f"{self} takes no expression")
        content = value.for_column(verify=add)
        model_instance.__dict__[self.attname] = Sealed(content)
        return _ForColumn(content)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or isinstance(value, _ForColumn):
            return value and bytes(value)
        raise TypeError(f"{self} is written by saving its row; nothing else can seal it")

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{self} takes no expression")
        return "%s"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    # What can be asked

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self} is sealed: it can be looked up by isnull alone. Search by tokens.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self} is sealed: the database cannot look into it.")

    def get_col(self, alias: str, output_field: Any = None) -> Col:
        return _SealedCol(alias, self, output_field)

    # What others see

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        """None: neither a form of the model nor the admin has such an input; forms that write declare it."""
        return None

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_owner(), *self._check_meta()]

    def _check_owner(self) -> list[checks.CheckMessage]:
        if issubclass(self.model, SealedModel):
            return []
        return [checks.Error("A model with sealed fields is a SealedModel.", obj=self, id="callcrm.E001")]

    def _check_meta(self) -> list[checks.CheckMessage]:
        meta = self.model._meta
        ordered = {str(item).lstrip("-") for item in meta.ordering or ()}
        used = {name for part in (*meta.constraints, *meta.indexes) for name in getattr(part, "fields", ())}
        used |= {name for together in meta.unique_together for name in together}
        if self.name not in ordered | used:
            return []
        hint = "Every sealing of a value differs: use a token from callcrm.lib.crypto.blind."
        return [checks.Error("A sealed field can be neither ordered nor unique.", hint, self, "callcrm.E002")]


class SealedPhone(SealedText[_ST, _GT]):
    mask = staticmethod(masking.mask_phone)


class SealedEmail(SealedText[_ST, _GT]):
    mask = staticmethod(masking.mask_email)


class SealedName(SealedText[_ST, _GT]):
    mask = staticmethod(masking.mask_name)
