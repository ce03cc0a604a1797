"""What the schema says of an address, read from what its class declares (`accounts.api_base`), so that both agree.

Every operation names the error envelope; a list names its page.
"""

from functools import cache
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from callcrm.lib.strict import Shape, Strict

ERRORS = {
    "400": "The request is not understood; `fields` says what is wrong.",
    "401": "No token, or none that is good.",
    "403": "The member's role does not hold the right.",
    "404": "Nothing here, or not yours.",
    "405": "No such method here.",
    "406": "Only JSON is given.",
    "409": "What is there stands against it.",
    "413": "The body is too large.",
    "415": "Send application/json.",
    "429": "A limit is used up; `Retry-After` says for how long.",
    "503": "Something is out of reach; `Retry-After` says when to come back.",
}
VERBS = {"GET": "read", "POST": "create", "PUT": "replace", "PATCH": "change", "DELETE": "delete"}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "accounts.api_base.Bearer"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ErrorBody(Shape):
    code = serializers.CharField()
    message = serializers.CharField()
    fields: Any = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    request_id = serializers.CharField()


class Error(Shape):
    error = ErrorBody()


KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="New for each wish, kept for 7 days: the same request again is answered with what the first one made.",
)


class Operation(AutoSchema):
    """One method of one address."""

    def get_operation_id(self) -> str:
        verb = "list" if self._is_rows() else VERBS[self.method]
        return "_".join([*self._words(), verb])

    def get_summary(self) -> str:
        return self._told()[0]

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular knows path and method already
        return self._told()[1]

    def get_tags(self) -> list[str]:
        return self._words()[:1]

    def get_override_parameters(self) -> list[Any]:
        query = [self.view.query] if self._is_paged() else []  # type: ignore[attr-defined]  # of accounts.api_base
        return [*query, KEY] if self.method in getattr(self.view, "keyed", ()) else query

    def get_request_serializer(self) -> Any:
        body = getattr(self.view, "bodies", {}).get(self.method)
        kinds = getattr(body, "one_of", None)
        if body is None or kinds is None:
            return body
        return PolymorphicProxySerializer(body.__name__, list(kinds), resource_type_field_name=None)

    def get_response_serializers(self) -> Any:
        shapes, statuses = getattr(self.view, "shapes", {}), getattr(self.view, "statuses", {})
        shape = shapes.get(self.method, getattr(self.view, "shape", None))
        status = str(statuses.get(self.method, 200))
        if status == "204" or shape is None:
            return {status: OpenApiResponse(description="Done.")}
        return {status: page_of(shape) if self._is_paged() else shape}

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status, words in ERRORS.items():
            answer = OpenApiResponse(Error, description=words)
            bodies[status] = self._get_response_for_code(answer, status)  # type: ignore[no-untyped-call]  # the library's is untyped
        return bodies

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        described = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # the library's is untyped
        return described | serializer.limits if isinstance(serializer, Strict) else described

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # a list is a page with `results`, never a bare array

    def _told(self) -> tuple[str, str]:
        """What the docstring says first, in one line, and the rest of it."""
        first, _, rest = " ".join(super().get_description().split()).partition(". ")
        return first.removesuffix("."), rest

    def _is_rows(self) -> bool:
        return self.method == "GET" and self._is_paged()

    def _is_paged(self) -> bool:
        return self.method in getattr(self.view, "in_pages", ())

    def _words(self) -> list[str]:
        parts = self.path.removeprefix("/api/v1/").strip("/").split("/")
        return [part.replace("-", "_") for part in parts if not part.startswith("{")]


@cache
def page_of(shape: type[Shape]) -> type[Shape]:
    """Return the page of a list of such things."""
    fields: Any = {
        "next": serializers.URLField(allow_null=True, help_text="The page of older ones."),
        "previous": serializers.URLField(allow_null=True, help_text="The page of newer ones."),
        "results": shape(many=True),
    }
    return type(f"{shape.__name__}Page", (Shape,), fields)
