"""The document is valid, says what is served, and its examples are what it says (API-01)."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.blueprints.api.docs import _problems
from portal.blueprints.api.openapi import template_of
from portal.blueprints.api.operations import OPERATIONS
from tests.blueprints.api.conftest import World


@pytest.fixture
def spec(app: APIFlask, client: FlaskClient) -> Any:
    return client.get("/api/v1/openapi.json").json


@pytest.mark.req("API-01")
def test_the_document_is_valid_openapi(spec: Any) -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    assert spec["openapi"].startswith("3.1")
    OPENAPI_31_VALIDATOR.validate(spec)
    broken = {**spec, "paths": {"/cart": {"get": {"responses": []}}}}
    assert not OPENAPI_31_VALIDATOR.is_valid(broken)


def test_every_reference_leads_somewhere(spec: Any) -> None:
    references = set(re.findall(r'"\$ref": "([^"]+)"', str(spec).replace("'", '"')))
    assert len(references) > 20
    for reference in references:
        found = spec
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


@pytest.mark.req("API-01")
def test_it_describes_what_is_served_and_nothing_else(app: APIFlask, spec: Any) -> None:
    described = {(method.upper(), path) for path, operations in spec["paths"].items() for method in operations}
    served = {
        (method, template_of(rule.rule).removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in {"api.docs", "api.openapi", "api.token"}
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert described == served
    assert len(described) == len(OPERATIONS)


def test_every_example_is_valid_and_every_operation_has_one(spec: Any) -> None:
    seen, schemas = 0, Schemas(spec)
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    named = content.get("examples", {})
                    assert all(one["$ref"] == f"#/components/examples/{name}" for name, one in named.items())
                    values = [spec["components"]["examples"][name]["value"] for name in named]
                    assert all(str(value["status"]) == status for value in values)
                    values += [content["example"]] if "example" in content else []
                    assert values, (method, path, status, kind)
                    for value in values:
                        schemas.check(content["schema"], value, f"{method} {path} {status}")
                        seen += 1
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                schemas.check(body["schema"], body["example"], f"{method} {path} body")
                seen += 1
    assert seen > 100


# Where a schema finds those it names: it would hold and read all of them, if they stood in it.
SHARED = "urn:portal:document"


class Schemas:
    """What the document's schemas say, each read once: refusals have the same one everywhere."""

    def __init__(self, spec: Any) -> None:
        shared = {"components": {"schemas": spec["components"]["schemas"]}}
        self._shared = jsonschema_rs.Registry([(SHARED, shared)], draft=jsonschema_rs.Draft202012)
        self._read: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def check(self, schema: Any, value: Any, where: str) -> None:
        name = str(schema)
        if name not in self._read:
            named = json.loads(json.dumps(schema).replace('"#/components', f'"{SHARED}#/components'))
            self._read[name] = jsonschema_rs.Draft202012Validator(named, registry=self._shared)
        faults = [fault.message for fault in self._read[name].iter_errors(value)]
        assert not faults, where


def test_the_sentences_of_refusals_are_whole(spec: Any) -> None:
    for code, example in spec["components"]["examples"].items():
        assert "%(" not in example["value"]["detail"], code


def test_every_operation_tells_its_refusals(spec: Any) -> None:
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            expected = {"401", "403", "422", "429"} | ({"304"} if method == "get" else set())
            expected |= {"400", "413", "415"} if "requestBody" in operation else set()
            assert expected <= set(operation["responses"]), (method, path)


def test_the_document_is_not_sent_twice(client: FlaskClient, app: APIFlask) -> None:
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert "Set-Cookie" not in first.headers


def test_the_document_on_a_channel_names_its_address(world: World) -> None:
    spec = world.api.client.get("/kr/api/v1/openapi.json").json
    assert spec is not None
    assert spec["servers"] == [{"url": "/kr/api/v1"}]


@pytest.mark.req("API-01")
def test_the_page_shows_every_operation_and_code_without_a_script(world: World) -> None:
    answer = world.api.client.get("/api/v1/docs")
    page = answer.text
    assert answer.status_code == 200
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for op in OPERATIONS:
        assert f'id="{op.name}"' in page
    for code, _, _ in _problems():
        assert f'id="{code}"' in page
