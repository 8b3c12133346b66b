"""Promises about every route."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from werkzeug.routing import Rule

from portal.blueprints.access import ACCESS
from tools.routes import FILE, NOT_ROUTES, routes

SEGMENT = re.compile(r"_?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?")
PARAMETER = re.compile(r"<(?:(?P<type>[a-z]+)(?:\([^)]*\))?:)?(?P<name>[a-z_]+)>(?:\.[a-z]+)?")
# Words that name a thing by itself; everything else in a path is a typed id.
NATURAL_KEYS = frozenset({"slug", "number", "token", "key", "gateway", "code", "label", "name"})


def rules(app: APIFlask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in NOT_ROUTES]


@pytest.mark.req("IDN-02")
def test_every_route_says_who_may_use_it(application: APIFlask) -> None:
    silent = {r.endpoint for r in rules(application) if not hasattr(application.view_functions[r.endpoint], ACCESS)}
    assert silent == set(), "give these @public, @requires(...) or @requires_sign_in below the route"


def test_paths_are_nouns_in_kebab_case_with_typed_ids(application: APIFlask) -> None:
    def is_sound(segment: str) -> bool:
        parameter = PARAMETER.fullmatch(segment)
        if parameter:
            return parameter["type"] is not None or parameter["name"] in NATURAL_KEYS
        return SEGMENT.fullmatch(segment) is not None

    paths = {rule.rule for rule in rules(application)}
    assert [p for p in sorted(paths) if not all(map(is_sound, p.strip("/").split("/"))) and p != "/"] == []


def test_no_route_comes_or_goes_silently(application: APIFlask) -> None:
    written = set(FILE.read_text("utf-8").splitlines())
    now = set(routes(application))
    assert (written - now, now - written) == (set(), set()), "if it is meant: python -m tools.routes"
