"""The addresses that pages name are Flask's, though each is worked out once."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from apiflask import APIFlask
from werkzeug.routing import BuildError

from portal.blueprints.templating import url_for


@pytest.mark.parametrize(
    "values",
    [
        {"slug": "cup"},
        {"slug": "찻잔 & more", "v": 1},
        {"slug": "cup", "v": "1"},
        {"slug": "cup", "v": True},
        {"slug": "cup", "v": None},
        {"slug": "cup", "v": ["1", "2"]},
        {"v": 1, "slug": "cup", "p": 2},
        {"p": 2, "slug": "cup", "v": 1},
        {"slug": "cup", "_anchor": "reviews"},
        {"slug": "cup", "_external": True},
    ],
)
def test_addresses_are_flasks(app: APIFlask, values: dict[str, Any]) -> None:
    for root in ("/kr", "/us", "", "/kr"):
        with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": root}):
            assert url_for("shop.product", **values) == flask.url_for("shop.product", **values)
            assert url_for("shop.product", **values).startswith(f"{root}/" if "_external" not in values else "http")


def test_relative_names_follow_the_page(app: APIFlask) -> None:
    with app.test_request_context("/"):
        assert url_for(".product", slug="cup") == "/products/cup"
    with app.test_request_context("/account"), pytest.raises(BuildError):
        url_for(".product", slug="cup")
