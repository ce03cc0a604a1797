"""The doors of the API. Every address is a class of `Door`: it reads the token, counts the request, finds the member,
asks for the right that `needs` names for the method, and opens the one transaction of the request in his business.

What a class declares is what it does and what the schema says: `needs`, `query` (parameters), `bodies`, `shape`.
A refusal leaves by exception and rolls everything back; `callcrm.middleware.Refusals` gives it its form.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, NoReturn, cast
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts import doors, idempotency, limits, tokens
from accounts.models import ApiSession, Business, Member, User
from accounts.permissions import Permission
from callcrm.errors import NotAllowed, NotAuthenticated, NotFound, UnsupportedType
from callcrm.lib import paging
from callcrm.lib.strict import QueryWhole, Shape, Strict, Text, read_body, read_query

STATUSES = {"POST": 201, "DELETE": 204}


class Bearer(JWTAuthentication):
    """The token in the Authorization header, and nothing else: no cookie opens the API."""

    def authenticate(self, request: Request) -> tuple[User, ApiSession] | None:  # type: ignore[override]  # the library types it by its own user and token
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header else None
        if raw is None:
            return None
        session = tokens.session_of(raw)
        return session.member.user, session


class NoParameters(Strict):
    """Most addresses take none."""


class ApiView(APIView):
    """What all addresses have in common: strict input, JSON out, every request counted."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    in_pages: ClassVar[frozenset[str]] = frozenset()  # the methods that take `query`
    query: ClassVar[type[Strict]] = NoParameters
    bodies: ClassVar[Mapping[str, type[Strict]]] = {}
    shape: ClassVar[type[Shape] | None] = None
    shapes: ClassVar[Mapping[str, type[Shape]]] = {}  # where a method answers with another
    statuses: ClassVar[Mapping[str, int]] = STATUSES
    given: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if (self.http.encoding or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnsupportedType("Send UTF-8.")
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method
        self.given = self._valid(
            self.query if method in self.in_pages else NoParameters, read_query(self.http)
        )

    def perform_authentication(self, request: Request) -> None:
        self.count_anonymous()

    @property
    def http(self) -> HttpRequest:
        """Return Django's own request, which middleware and doors know."""
        request: HttpRequest = self.request._request
        return request

    def body(self, **context: Any) -> Any:
        """Return what was sent, checked. Raises Invalid naming the fields that are wrong."""
        kind = self.bodies[str(self.request.method)]
        return self._valid(
            kind, read_body(self.http), partial=self.request.method == "PATCH", context=context
        )

    def answer(self, thing: Any, status: int | None = None) -> Response:
        shape = self.shapes.get(str(self.request.method), self.shape)
        assert shape is not None  # noqa: S101  # a class that answers with a thing says its shape
        return Response(shape(thing).data, status=status or self.status)

    @property
    def status(self) -> int:
        return self.statuses.get(str(self.request.method), 200)

    def count(self, limit: limits.Limit, key: str) -> None:
        """Count the request; the headers of the answer say what is left. Raises TooMany."""
        usage = limits.count(limit, key)
        self.http.limit_usage = usage  # type: ignore[attr-defined]  # the middleware writes the headers
        if usage.exceeded:
            raise limits.refused(limit, usage)

    def count_anonymous(self) -> None:
        self.count(limits.API_ANONYMOUS, limits.network_of(self.http.META.get("REMOTE_ADDR", "")))

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NotAuthenticated):
            exc.auth_header = 'Bearer realm="api"'  # type: ignore[attr-defined]  # as the library marks its own
        return super().handle_exception(exc)

    def raise_uncaught_exception(self, exc: Exception) -> NoReturn:
        raise exc  # the library's own way asks, with DEBUG on, for a renderer that may not be there yet

    def _valid(self, kind: type[Strict], data: Any, **options: Any) -> Any:
        serializer = kind(data=data, **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class Door(ApiView):
    """An address of one business. `needs` names the right for each method; without it there is no such method."""

    authentication_classes = [Bearer]
    needs: ClassVar[Mapping[str, Permission]] = {}
    keyed: ClassVar[frozenset[str]] = frozenset()  # the methods that want an `Idempotency-Key`

    def once(self, wish: Any, act: Callable[[], UUID]) -> UUID:
        """Do what was asked, or return the id of what the same request made before. Raises like `idempotency.once`."""
        key = idempotency.read(self.http.headers.get(idempotency.HEADER))
        return idempotency.once(self.member, key, [self.http.path, wish], act)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer inside the scope: rows are read until the last byte is written, and a refusal undoes them all."""
        with ExitStack() as self.scope:
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response):  # sound is given as it is
                response.render()
            return response

    def perform_authentication(self, request: Request) -> None:
        try:
            session = cast(ApiSession | None, request.auth)
        except NotAuthenticated:
            self.count_anonymous()
            raise
        if session is None:
            self.count_anonymous()
            raise NotAuthenticated
        self.count(limits.API, str(session.member.user_id))

    def check_permissions(self, request: Request) -> None:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.needs:
            raise NotAllowed
        member = cast(ApiSession, request.auth).member
        self.scope.enter_context(doors.admitted(self.http, member, self.needs[method]))

    @property
    def allowed_methods(self) -> list[str]:
        return [*self.needs, *(["HEAD"] if "GET" in self.needs else [])]

    @property
    def member(self) -> Member:
        return cast(doors.MemberRequest, self.http).member

    @property
    def business(self) -> Business:
        return self.member.business


class ListQuery(Strict):
    """The parameters of every list."""

    cursor = Text(required=False, max_length=300, help_text="From `next` or `previous` of another page.")
    page_size = QueryWhole(required=False, min_value=1, max_value=200, default=25)


class Rows(Door):
    """A list, newest first, in pages by key. Subclasses say `rows`, and `at` where time comes before id."""

    in_pages = frozenset({"GET"})
    query: ClassVar[type[Strict]] = ListQuery
    at: ClassVar[str] = ""
    order: ClassVar[Sequence[str]] = ()  # what `narrowed` names in their stead
    lookups: ClassVar[Mapping[str, str]] = {}  # parameter: what it asks of the rows

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError  # each list says its own

    def get(self, request: Request) -> Response:
        rows = self.narrowed(self.rows())
        given = {"cursor": self.given.get("cursor", ""), "size": self.given["page_size"]}
        page = paging.page(rows, **given, at=self.at, order=self.order)
        return self.page(page.rows, older=page.older, newer=page.newer)

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that the parameters let through."""
        return rows.filter(
            **{self.lookups[name]: value for name, value in self.given.items() if name in self.lookups}
        )

    def page(self, rows: list[Any], *, older: str, newer: str = "") -> Response:
        assert self.shape is not None  # noqa: S101  # each list says its own
        return Response(
            {
                "next": self._link(older),
                "previous": self._link(newer),
                "results": self.shape(rows, many=True).data,
            }
        )

    def _link(self, cursor: str) -> str | None:
        if not cursor:
            return None
        params = self.http.GET.copy()
        params["cursor"] = cursor
        return self.http.build_absolute_uri(f"{self.http.path}?{params.urlencode()}")


def found(rows: QuerySet[Any], pk: Any) -> Any:
    """Return the row. Raises NotFound, which does not say whether it is missing or somebody else's."""
    row: Model | None = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row
