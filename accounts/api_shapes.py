"""Small shapes that several apps answer with."""

from typing import Any, cast

from rest_framework import serializers

from callcrm.lib.crypto.sealed import Sealed
from callcrm.lib.strict import Shape


class Masked(serializers.CharField):
    """A sealed value, as its mask. The plain value has one way out, and it is not here."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: str) -> str:
        return cast(Sealed, value).masked


class Named(Shape):
    """A thing by its id, and the name to show for it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
