"""The page checks find what they are for."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.architecture.soundness import dead_ends, problems_of_page, problems_of_part, problems_of_words, shape_of

GOOD = '<!doctype html>\n<html lang="en"><head><title>Cart</title></head><body><h1>Cart</h1></body></html>'


def test_a_sound_page_has_no_problems() -> None:
    assert [*problems_of_words(GOOD, "en"), *problems_of_page(GOOD)] == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("<h1>Cart</h1>", "", "0 h1"),
        ("<h1>Cart</h1>", "<h1>Cart</h1><h1>Cart</h1>", "2 h1"),
        ("Cart</title>", " </title>", "no title"),
        ('lang="en"', "", "lang is not en"),
    ],
)
def test_a_page_with_a_defect_is_found(right: str, wrong: str, problem: str) -> None:
    page = GOOD.replace(right, wrong)
    assert [*problems_of_words(page, "en"), *problems_of_page(page)] == [problem]


@pytest.mark.parametrize(
    "html",
    [
        '<p id="a"></p><p id="a"></p>',
        '<input name="q">',
        '<form method="post"></form>',
        '<img src="/x">',
        "<p>Hello %(name)s</p>",
        '<!doctype html><html lang="en"><title>x</title><p aria-describedby="gone">x</p>',
    ],
)
def test_a_part_with_a_defect_is_found(html: str) -> None:
    assert len([*problems_of_part(html), *problems_of_words(html, "en")]) == 1


@pytest.mark.parametrize(
    "html",
    ['<label>Search <input name="q"></label>', '<label for="q">Search</label><input id="q">', '<input type="hidden">'],
)
def test_labels_of_all_kinds_count(html: str) -> None:
    assert list(problems_of_part(html)) == []


def test_of_the_shape_of_a_page_all_is_that_is_looked_for_but_words() -> None:
    page = '<form action="/a?x=1"><label for="q">Search</label><input id="q" title="Words"></form><img alt="A bowl">'
    assert shape_of(page) == shape_of(page.replace("Search", "검색").replace("A bowl", "그릇").replace("?x=1", "?x=2"))
    for part in ("label", "/a", 'id="q"', 'for="q"', "title", "alt", "action", "form"):
        assert shape_of(page) != shape_of(page.replace(part, "x", 1)), part


def test_links_that_lead_nowhere_are_found() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/cart", "cart", lambda: "", methods=["GET"])
    html = (
        '<a href="/kr/cart?x=1">a</a><a href="/gone">b</a><form method="post" action="/cart"></form><a href="#x">c</a>'
    )
    assert list(dead_ends(html, app.url_map.bind("localhost"), frozenset({"kr"}))) == [
        "GET /gone leads nowhere",
        "POST /cart leads nowhere",
    ]
