"""An API client for tests: one member's token, JSON both ways."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts import tokens
from accounts.models import Member

V1 = "/api/v1/"


class Api:
    """`Api(member).get("calls/")`; without a member it sends no token."""

    def __init__(self, member: Member | None = None) -> None:
        headers = {"Authorization": f"Bearer {tokens.start(member).access}"} if member else {}
        self.client = Client(headers=headers)

    def get(self, path: str, params: Any = None) -> Any:
        return self.client.get(_full(path), params)

    def post(self, path: str, data: Any = None) -> Any:
        return self.send("POST", path, data)

    def patch(self, path: str, data: Any = None) -> Any:
        return self.send("PATCH", path, data)

    def delete(self, path: str) -> Any:
        return self.client.delete(_full(path))

    def send(self, method: str, path: str, data: Any = None, content_type: str = "application/json") -> Any:
        data = {} if data is None else data
        return self.client.generic(method, _full(path), _encoded(data), content_type)


def _full(path: str) -> str:
    return path if path.startswith(("/", "http")) else V1 + path


def _encoded(data: Any) -> Any:
    import json

    from django.core.serializers.json import DjangoJSONEncoder

    return data if isinstance(data, bytes | str) else json.dumps(data, cls=DjangoJSONEncoder)


def fields(answer: HttpResponse) -> dict[str, list[str]]:
    """Return what a 400 says is wrong."""
    assert answer.status_code == 400, (answer.status_code, answer.content)
    found: dict[str, list[str]] = answer.json()["error"]["fields"]  # type: ignore[attr-defined]  # of test answers
    return found


def same(answer: HttpResponse) -> dict[str, Any]:
    """Return an error without what is of this request alone."""
    error: dict[str, Any] = answer.json()["error"]  # type: ignore[attr-defined]  # of test answers
    return {name: value for name, value in error.items() if name != "request_id"}
