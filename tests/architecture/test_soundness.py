"""The page checks find what they are for."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.architecture.soundness import dead_ends, problems_of_page, problems_of_part

GOOD = '<!doctype html>\n<html lang="en"><head><title>Cart</title></head><body><h1>Cart</h1></body></html>'


def test_a_sound_page_has_no_problems() -> None:
    assert list(problems_of_page(GOOD, "en")) == []


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
    assert list(problems_of_page(GOOD.replace(right, wrong), "en")) == [problem]


@pytest.mark.parametrize(
    "html",
    [
        '<p id="a"></p><p id="a"></p>',
        '<input name="q">',
        '<form method="post"></form>',
        '<img src="/x">',
        "<p>Hello %(name)s</p>",
        '<!doctype html><p aria-describedby="gone">x</p>',
    ],
)
def test_a_part_with_a_defect_is_found(html: str) -> None:
    assert len(list(problems_of_part(html))) == 1


@pytest.mark.parametrize(
    "html",
    ['<label>Search <input name="q"></label>', '<label for="q">Search</label><input id="q">', '<input type="hidden">'],
)
def test_labels_of_all_kinds_count(html: str) -> None:
    assert list(problems_of_part(html)) == []


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
