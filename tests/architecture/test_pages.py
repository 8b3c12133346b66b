"""Every page that needs no id answers everybody, in both languages, with sound HTML and links that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.queries.channels import channel_directory
from tests.architecture.soundness import (
    dead_ends,
    is_page,
    problems_of_page,
    problems_of_part,
    problems_of_words,
    shape_of,
)
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant, put_into_cart
from tests.factories.order import make_order
from tools.routes import NOT_ROUTES

ANSWERS = frozenset({200, 302, 303, 401, 403, 404})
# It is longer than all other pages together, and says everybody the same.
REFERENCE = "/api/v1/docs"
Opener = Callable[[str], FlaskClient]


@pytest.fixture
def open_as(app: APIFlask) -> Opener:
    """Browsers of a visitor and of three people in a mall where bea has bought something and has a full cart."""
    mall = make_mall()
    bought, wanted = make_variant(mall), make_variant(mall)
    people: dict[str, Person] = {
        "bea": make_person("bea"),
        "sam": make_person("sam", roles=("buyer",), store_ids=(mall.store_ids[0],)),
        "ada": make_person("ada", roles=("buyer", "admin")),
    }
    make_order(people["bea"], mall, {bought: 1})
    put_into_cart(people["bea"].actor, mall.kr, wanted)
    return lambda name: browser(app, people.get(name))


@pytest.mark.parametrize("who", ["visitor", "bea", "sam", "ada"])
def test_every_page_is_sound(app: APIFlask, open_as: Opener, who: str) -> None:
    client = open_as(who)
    routes = app.url_map.bind("localhost")
    channels = frozenset(channel_directory().channels)
    wrong = {}
    shapes: dict[str, int] = {}
    refused_alike: set[str] = set()
    for locale in ("en", "ko"):
        refusals: set[str] = set()
        for path in pages(app):
            # Who may not open a page is refused before it has a language: each kind of refusal is read in both.
            if path in refused_alike or (path == REFERENCE and who != "visitor"):
                continue
            answer = client.get(path, query_string={"lang": locale})
            if answer.status_code not in ANSWERS:
                wrong[path, locale] = [f"answers {answer.status_code}"]
            elif (code := answer.headers.get("X-Error-Code", "")) in refusals:
                # It was read where it was met first.
                refused_alike |= {path} if answer.status_code in {401, 403} else set()
            elif answer.mimetype == "text/html" and answer.status_code not in {302, 303}:
                html = answer.text
                refusals |= {code} - {""}
                wrong[path, locale] = list(problems_of_words(html, locale))
                # Only its words differ from those of the page that was read in English.
                if (shape := shape_of(html)) == shapes.get(path):
                    continue
                shapes[path] = shape
                wrong[path, locale] += problems_of_page(html) if is_page(html) else problems_of_part(html)
                # The gallery's samples lead nowhere on purpose.
                lost = [] if path.startswith("/_gallery") else sorted(set(dead_ends(html, routes, channels)))
                wrong[path, locale] += lost
    assert {path: found for path, found in wrong.items() if found} == {}


def pages(app: APIFlask) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in NOT_ROUTES
    )
