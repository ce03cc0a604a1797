"""What the schema says is what the API does; and it is gone where it is switched off."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from callcrm.testing import add_call, add_lead, add_leg, add_message
from tests.api import Api

METHODS = {"get", "post", "patch", "put", "delete"}


@pytest.fixture(scope="module")
def schema():
    from callcrm.api import _schema

    return json.loads(json.dumps(_schema()))


def operations(schema):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield path, method, operation


def test_the_schema_is_valid_and_made_without_a_warning(schema, tmp_path):
    validate_schema(schema)
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_address_is_in_the_schema_with_the_methods_it_needs(schema):
    from callcrm.api import v1

    documented = {(path, method.upper()) for path, method, _ in operations(schema)}
    answered = set()
    for pattern in v1:
        view = pattern.callback.view_class
        path = "/api/v1/" + re.sub(r"<uuid:(\w+)>", r"{\1}", str(pattern.pattern)).replace("{pk}", "{id}")
        methods = getattr(view, "needs", None) or {"POST": None}
        answered |= {(path, method) for method in methods}
    assert {(path.replace("{pk}", "{id}"), method) for path, method in documented} == answered


def test_every_address_has_a_door_or_says_why_not():
    from callcrm.api import documentation, v1

    for pattern in [*v1, *documentation]:
        view = pattern.callback.view_class
        assert getattr(view, "needs", None) or getattr(view, "open_door", None), pattern


def test_every_operation_is_told_in_a_line_of_its_own(schema):
    lines = [operation["summary"] for _, _, operation in operations(schema)]
    assert all(line and len(line) <= 120 and not line.endswith(".") for line in lines)
    assert len(set(lines)) == len(lines)


def test_every_operation_names_the_error_envelope_and_its_own_name(schema):
    names = []
    for path, method, operation in operations(schema):
        names.append(operation["operationId"])
        for status in ("400", "401", "403", "404", "415", "429"):
            content = operation["responses"][status]["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}, (path, method, status)
    assert len(names) == len(set(names))


def test_all_but_logging_in_ask_for_a_token(schema):
    for path, _, operation in operations(schema):
        asks = any("bearer" in scheme for scheme in operation.get("security", []))
        assert asks is not path.startswith("/api/v1/auth/"), path


def test_what_is_answered_is_what_the_schema_says(world, schema):
    import jsonschema

    lead = add_lead(world.acme, name="John Smith", email="john.doe@customer.example", value="5.00")
    call = add_call(world.acme, lead, agent=world.user)
    add_leg(call)
    add_call(world.acme, withheld=True, number=None, source_id=None)
    add_message(world.acme, lead, error_code="30003")
    api = Api(world.owner)
    for path, method, operation in operations(schema):
        if method != "get" or "{" in path:
            continue
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
        document = {**_without_nullable(shape), "components": _without_nullable(schema["components"])}
        jsonschema.validate(api.get(path).json(), document)


def _without_nullable(node):
    """OpenAPI 3.0 says `nullable` where JSON Schema says null."""
    if isinstance(node, list):
        return [_without_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: _without_nullable(value) for name, value in node.items()}
    return {"anyOf": [{"type": "null"}, node]} if node.pop("nullable", False) is True else node


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "application/json"), ("application/vnd.oai.openapi", "application/vnd.oai.openapi")],
)
def test_the_schema_is_given_as_json_or_yaml(accept, kind):
    answer = Client().get("/api/schema/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert b"/api/v1/calls/" in answer.content


def test_the_page_has_no_inline_script_and_the_usual_policy():
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    html = page.content.decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.replace(" data:", "") == Client().get("/health").headers["Content-Security-Policy"]
    assert policy.count("data:") == 1
    assert "img-src 'self' data:" in policy
    assert "<style" not in html
    assert " style=" not in html
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    script = re.findall(r'src="(/api/docs/[^"]+)"', html)
    answer = Client().get(script[0])
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in answer.content.decode()


def test_switched_off_it_is_as_if_there_never_was_any(settings):
    settings.DOCS_ENABLED = False
    missing = Client().get("/api/nothing/")
    for path in ("/api/docs/", "/api/schema/", "/api/docs/?script="):
        answer = Client().get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == missing.json()["error"]["message"]
