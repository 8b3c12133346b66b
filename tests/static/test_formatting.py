"""The filters in a page: the reader's language, and addresses that keep a list's state."""

import pytest
from flask import Flask, render_template_string

from portal.formatting import here, initials
from portal.rules.states import MACHINES
from portal.statuses import STATUSES, TONES, status_of


@pytest.mark.parametrize(("lang", "text"), [("ko", "30,269원"), ("en", "₩30,269")])
def test_money_follows_the_language_and_not_the_currency(gallery: Flask, lang: str, text: str) -> None:
    with gallery.test_request_context(f"/?lang={lang}"):
        assert render_template_string('{{ 30269|money("KRW") }}') == text


def test_here_changes_one_argument_and_keeps_the_others(gallery: Flask) -> None:
    with gallery.test_request_context("/orders?state=paid&q=한&cursor=x", base_url="http://shop.test/kr"):
        assert here(sort="-placed", cursor=None) == "/kr/orders?state=paid&q=%ED%95%9C&sort=-placed"
        assert here(state=None, q=None, cursor=None) == "/kr/orders"


def test_initials_fit_names_of_both_scripts() -> None:
    assert [initials(name) for name in ("Bea Kim", "bea", "김서연", "", None)] == ["BK", "B", "서연", "·", "·"]


@pytest.mark.req("ORD-12")
def test_every_state_of_every_machine_has_a_look_of_its_own() -> None:
    missing = [
        f"{machine}.{state}"
        for machine, moves in MACHINES.items()
        for state in moves
        if state not in STATUSES and f"{machine}.{state}" not in STATUSES
    ]
    assert missing == []


def test_tones_and_icons_exist(gallery: Flask) -> None:
    for status in STATUSES.values():
        assert status.tone in TONES
        assert gallery.jinja_env.globals["icon"](status.icon)  # type: ignore[operator]  # A global of any type.


def test_a_state_without_a_look_is_shown_by_its_name() -> None:
    assert status_of("half_done").word == "Half done"
