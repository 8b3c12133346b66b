"""Rules of the house: what channels lose until somebody confirms them, and terms in which none may differ."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.kit import clock
from portal.queries.channels import channel_directory, forget_channels
from portal.services.channels.house_rules import HouseRuleForbiddenError, confirm_rule, watch_rules, write_rule
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CHN-04", "CHN-05"), pytest.mark.usefixtures("books")]
PAGE = "/admin/house-rules"
ASKED = {"words-en": "Show the new mark.", "words-ko": "새 로고를 쓰십시오."}
RULE = {**ASKED, "kind": "branding", "features": ["top_up"]}


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def send(client: FlaskClient, page: str, path: str, **values: object) -> tuple[int, str]:
    hidden = fields(client.get(page).text)
    sent = {"csrf_token": hidden["csrf_token"], "version": hidden.get("version", ""), **values}
    answered = client.post(path, data=sent)
    return answered.status_code, answered.text


def is_closed(code: str, feature: str) -> bool:
    forget_channels()
    return bool(channel_directory()[code].policy.get(feature, {}).get("closed"))


def test_a_channel_that_nobody_confirmed_loses_the_feature_until_it_is_mended(ada: FlaskClient, mall: Mall) -> None:
    assert send(ada, PAGE, PAGE, **RULE)[0] == 303
    assert (is_closed("kr", "top_up"), is_closed("us", "top_up"), is_closed("kr", "gift_card")) == (True, True, False)
    with transaction() as session:
        assert watch_rules(session, now=clock.now()) == 2
        assert watch_rules(session, now=clock.now()) == 0
    assert rows("SELECT count(*) FROM notice WHERE kind = 'channel_blocked'") == [(2,)]
    assert "Loses features" in ada.get(f"/admin/channels/{mall.kr.id}").text
    rule = rows("SELECT id FROM house_rule")[0][0]
    path = f"{PAGE}/{rule}/channels/{mall.kr.id}"
    status, told = send(ada, PAGE, path, note="")
    assert (status, "how it was seen to" in told) == (422, True)
    assert send(ada, PAGE, path, note="New mark is up")[0] == 303
    assert (is_closed("kr", "top_up"), is_closed("us", "top_up")) == (False, True)
    assert rows("SELECT channel_id FROM channel_block WHERE ended_at IS NOT NULL") == [(mall.kr.id,)]
    assert send(ada, PAGE, path, note="Again")[0] == 409
    # A newer version is confirmed anew, and the older one cannot be any more.
    assert send(ada, PAGE, PAGE, **RULE, due="2999-01-01T00:00")[0] == 303
    assert not is_closed("us", "top_up")
    assert send(ada, PAGE, f"{PAGE}/{rule}/channels/{mall.us.id}", note="Late")[0] == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "weather"}, "kind"),
        ({"words-ko": ""}, "words-ko"),
        ({"features": []}, "features"),
        ({"features": ["orders"]}, "features"),
        ({"fixed": ["moon"]}, "fixed"),
        ({"due": "soon"}, "due"),
    ],
)
def test_a_rule_without_what_it_needs_is_told_at_its_field(
    ada: FlaskClient, mall: Mall, change: dict[str, object], field: str
) -> None:
    status, told = send(ada, PAGE, PAGE, **{**RULE, **change})
    assert (status, f'id="{field}-error"' in told) == (422, True)
    assert rows("SELECT count(*) FROM house_rule") == [(0,)]


def test_a_term_that_is_fixed_is_taken_back_everywhere_and_cannot_be_overridden_again(
    ada: FlaskClient, mall: Mall
) -> None:
    page = f"/admin/channels/{mall.kr.id}/terms"
    own = {"mileage-minimum_points": "500", "why": "Agreed with the partner"}
    status, told = send(ada, page, page, **{**own, "why": ""})
    assert (status, 'id="why-error"' in told) == (422, True)
    assert send(ada, page, page, **own)[0] == 303
    assert "Agreed with the partner" in ada.get(page).text
    policy = {**ASKED, "kind": "policy", "features": ["gift_card"], "due": "2999-01-01T00:00"}
    assert send(ada, PAGE, PAGE, **policy, fixed=["mileage-minimum_points"])[0] == 303
    assert rows("SELECT policy -> 'mileage' FROM channel WHERE code = 'kr'") == [(None,)]
    decided = "SELECT before, after, why FROM override_decision ORDER BY id"
    assert rows(decided) == [(None, "500", "Agreed with the partner"), ("500", None, "policy 1")]
    status, told = send(ada, page, page, **own)
    assert (status, "same on every channel" in told) == (422, True)


def test_a_manager_neither_writes_nor_confirms_what_binds_his_channel(mall: Mall) -> None:
    mia = make_person("mia", roles=("channel_manager",)).actor
    terms = {"words": {"en": "Show it."}, "features": (), "fixed": (), "due_at": clock.now(), "now": clock.now()}
    with transaction() as session, pytest.raises(HouseRuleForbiddenError):
        write_rule(session, kind="branding", actor=mia, **terms)  # type: ignore[arg-type]  # A mapping of several kinds.
    with transaction() as session, pytest.raises(HouseRuleForbiddenError):
        confirm_rule(session, channel_id=1, rule_id=1, note="Done.", actor=mia, now=clock.now())
