"""Campaigns at the desks: built with a preview, edited in versions, each only by whom they belong to (CPN-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import reading
from portal.models import AuditRow, Campaign, CampaignVersion
from portal.rules.coupons.conditions import Condition, Group, register, unregister
from portal.rules.coupons.conditions.fields import Field, Kind, whole_of
from portal.rules.coupons.words import Phrase
from tests.blueprints.campaign_desks import NEW, Desks, campaign, desks, launch, save, send, typed
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.order import make_order

__all__ = ["desks"]
pytestmark = pytest.mark.req("CPN-10")


def test_a_campaign_is_built_read_in_words_and_launched(desks: Desks) -> None:
    mall = desks.mall
    conditions: dict[str, Any] = {
        "c-section-included": str(mall.section_id),
        "c-segment-any_of": ["regular", "returning"],
        "c-channel-channel_ids": str(mall.kr.id),
        "c-window-weekdays": ["5", "6"],
        "c-minimum_spend-minimum-KRW": "20,000",
        "c-quantity-minimum": "2",
    }
    made = save(desks.as_mia, on_refund="ask_back", **conditions)
    page = desks.as_mia.get(f"/admin/campaigns/{made}").text
    sentence = re.search(r'<p lang="en" class="strong">(.*?)</p>', page)
    assert sentence is not None
    said = sentence[1]
    for part in (
        "10% off, at most ₩8,000, on ",
        "returning customers",
        "weekends",
        "in December 2036",
        "once per person",
        "asked back where too little is kept",
    ):
        assert part in said, said
    assert "1인 1회" in page
    kept = campaign(made)
    assert (kept.state, kept.on_refund) == ("draft", "ask_back")
    assert {one["name"] for one in kept.conditions} == {
        "section", "segment", "channel", "window", "minimum_spend", "quantity"
    }  # fmt: skip
    assert launch(desks.as_mia, f"/admin/campaigns/{made}").status_code == 303
    assert campaign(made).state == "scheduled"
    # A second click comes too late, and says so.
    again = desks.as_mia.post(
        f"/admin/campaigns/{made}/launch",
        data={"csrf_token": fields(page)["csrf_token"], "version": "1"},
    )
    assert again.status_code == 409


def test_the_preview_writes_nothing_and_names_what_is_missing(desks: Desks) -> None:
    answer = send(desks.as_mia, do="preview", **typed())
    assert answer.status_code == 200
    assert "10% off, at most ₩8,000, in December 2036, once per person" in answer.text
    assert "10% 할인" in answer.text
    wrong = send(desks.as_mia, do="preview", **typed(percent="101"))
    assert "A percentage is above 0 and at most 100." in wrong.text
    with reading() as session:
        assert session.scalars(select(Campaign)).all() == []


@pytest.mark.req("CPN-01", "CPN-03", "CPN-04")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name_en": ""}, "Enter a name."),
        ({"name_en": "x" * 81}, "A name has at most 80 characters."),
        ({"percent": "0"}, "A percentage is above 0 and at most 100."),
        ({"percent": "100.01"}, "A percentage is above 0 and at most 100."),
        ({"percent": "-5"}, "A percentage is above 0 and at most 100."),
        ({"percent": "NaN"}, "A percentage is above 0 and at most 100."),
        ({"percent": "12.345"}, "A percentage has at most two decimals."),
        ({"percent": "ten"}, "Enter a percentage, such as 10 or 12.5."),
        ({"kind": "fixed"}, "Enter an amount in at least one currency."),
        ({"kind": "fixed", "amounts-KRW": "0"}, "An amount is above zero."),
        ({"kind": "fixed", "amounts-KRW": "10.5"}, "Enter a whole amount, such as 5,000."),
        ({"kind": "fixed", "amounts-USD": "1.234"}, "Amounts in USD have at most 2 decimals."),
        ({"valid_until": "2036-12-01T00:00"}, "The end comes after the beginning."),
        ({"valid_until": "2036-11-30T00:00"}, "The end comes after the beginning."),
        ({"valid_until": "2042-12-31T00:00"}, "A campaign lasts at most five years."),
        ({"valid_from": "2020-01-01T00:00", "valid_until": "2020-02-01T00:00"}, "The end is over already."),
        ({"valid_from": "soon"}, "Enter a day and a time."),
        ({"total": "0"}, "Enter a number from 1 to 1,000,000,000."),
        ({"total": "1000000001"}, "Enter a number from 1 to 1,000,000,000."),
        ({"total": "1.5"}, "Enter whole numbers only."),
        ({"total": "5", "per_user": "6"}, "This is more than the campaign may be used in all."),
        ({"budgets-KRW": "0"}, "An amount is above zero."),
        ({"grace_hours": "8761"}, "Enter a number from 0 to 8,760."),
        ({"priority": "1000"}, "Enter a number from 1 to 999."),
        ({"lane": "x" * 41}, "A name has at most 40 characters."),
        ({"funding": "shared"}, "Say which stores bear which part."),
        ({"funding": "shared", "share-999999": "10"}, "There is no such store."),
        ({"c-section-included": "999999"}, "Something that was named is not there any more, or is not yours."),
        ({"c-product-included": "no-such-thing"}, "There is no product no-such-thing here."),
        ({"c-user-user_ids": "nobody@example.com"}, "Nobody here has the address nobody@example.com."),
        ({"c-tier-any_of": "platinum\0"}, "Something that was named is not there any more, or is not yours."),
        ({"c-window-from": "10:00", "c-window-until": "10:00"}, "The window is empty: it ends when it begins."),
        ({"c-quantity-minimum": "3", "c-quantity-maximum": "2"}, "The most is not below the least."),
        ({"kind": "points"}, "Choose from the list."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_saved(
    desks: Desks, changes: Mapping[str, Any], sentence: str
) -> None:
    answer = send(desks.as_mia, **typed(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    with reading() as session:
        assert session.scalars(select(Campaign)).all() == []


@pytest.mark.req("CPN-11", "AUD-01")
def test_an_edit_is_a_new_version_and_the_trail_says_what_was_changed(desks: Desks) -> None:
    made = save(desks.as_mia)
    path = f"/admin/campaigns/{made}/edit"
    assert 'value="8000"' in desks.as_mia.get(path).text
    answer = send(desks.as_mia, path, **typed(percent="15"))
    assert answer.status_code == 303
    assert campaign(made).version == 2
    with reading() as session:
        versions = session.scalars(select(CampaignVersion).order_by(CampaignVersion.version)).all()
        fact = session.scalars(select(AuditRow).where(AuditRow.action == "coupon:edited")).one()
    assert [one.terms["percent"] for one in versions] == ["10", "15"]
    assert '"before":{"percent":"10"}' in fact.payload.replace(" ", "")
    assert f"user:{desks.mia.id}" in fact.payload


def test_two_who_edit_at_once_do_not_overwrite_each_other(desks: Desks) -> None:
    made = save(desks.as_mia)
    path = f"/admin/campaigns/{made}/edit"
    token = fields(desks.as_mia.get(path).text)["csrf_token"]
    first, second = (
        desks.as_mia.post(path, data=typed(percent=percent) | {"csrf_token": token, "version": "1", "do": "save"})
        for percent in ("20", "30")
    )
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Somebody has changed this campaign meanwhile." in second.text
    assert 'name="version" value="2"' in second.text
    assert campaign(made).percent == 20


@pytest.mark.req("IDN-02")
def test_a_seller_makes_coupons_of_his_own_store_and_pays_for_them(desks: Desks) -> None:
    made = save(desks.as_sam, "/seller/campaigns/new", funding="platform", **{"share-1": "50"})
    kept = campaign(made)
    assert (kept.store_id, kept.funding, kept.seller_shares) == (desks.mall.store_ids[0], "seller", {})
    assert "Shoes week" in desks.as_sam.get("/seller/campaigns").text
    assert "Shoes week" in desks.as_mia.get("/admin/campaigns?owner=store").text
    assert "Shoes week" not in desks.as_mia.get("/admin/campaigns?owner=platform").text
    form = desks.as_sam.get("/seller/campaigns/new").text
    assert 'name="c-user-user_ids"' not in form
    assert 'name="funding"' not in form


@pytest.mark.req("IDN-02")
def test_another_stores_campaign_does_not_exist(app: APIFlask, desks: Desks) -> None:
    made = save(desks.as_sam, "/seller/campaigns/new")
    of_platform = save(desks.as_mia)
    sue = browser(app, make_person("sue", roles=("buyer",), store_ids=(desks.mall.store_ids[1],)))
    for campaign_id in (made, of_platform, 10**9):
        for path in (f"/seller/campaigns/{campaign_id}", f"/seller/campaigns/{campaign_id}/edit"):
            assert sue.get(path).status_code == 404
    assert "Shoes week" not in sue.get(f"/seller/campaigns/new?from={made}").text
    other = make_variant(desks.mall, store=1)
    answer = send(desks.as_sam, "/seller/campaigns/new", **typed(**{"c-product-included": str(other)}))
    assert "There is no product" in answer.text


def test_limits_can_be_set_later_and_never_below_what_was_used(books: None, app: APIFlask, desks: Desks) -> None:
    mall = desks.mall
    made = save(
        desks.as_mia,
        valid_from="2026-01-01T00:00",
        valid_until="2030-01-01T00:00",
        per_user="",
        distribution="automatic",
    )
    assert launch(desks.as_mia, f"/admin/campaigns/{made}").status_code == 303
    assert campaign(made).state == "running"
    bea = make_person("bea")
    for _ in range(2):
        make_order(bea, mall, {make_variant(mall, krw=10_000): 1})
    path = f"/admin/campaigns/{made}/edit"
    dates = {"valid_from": "2026-01-01T00:00", "valid_until": "2030-01-01T00:00", "distribution": "automatic"}
    for limits, sentence in (
        ({"total": "1"}, "This was used 2 times already."),
        ({"per_user": "1"}, "This was used 2 times already."),
        ({"budgets-KRW": "1,999"}, "More than this was given already."),
    ):
        answer = send(desks.as_mia, path, **typed(**(dates | {"per_user": ""} | limits)))
        assert answer.status_code == 422
        assert sentence in answer.text
    limits = {"total": "3", "per_user": "3", "per_day": "3", "budgets-KRW": "2,500"}
    assert send(desks.as_mia, path, **typed(**(dates | limits))).status_code == 303
    assert campaign(made).used == 2
    make_order(bea, mall, {make_variant(mall, krw=10_000): 1})
    with reading() as session:
        used = session.execute(select(Campaign.used)).scalar_one()
    assert used == 3


def test_a_copy_begins_as_the_other_is(desks: Desks) -> None:
    made = save(desks.as_mia, **{"c-first_order-wanted": "y", "c-user-user_ids": "mia@example.com"})
    page = desks.as_mia.get(f"{NEW}?from={made}").text
    assert "Copy of Shoes week" in page
    assert "mia@example.com" in page
    assert re.search(r'id="c-first_order-wanted"[^>]* checked', page)


@dataclass(frozen=True, slots=True)
class Moon(Condition):
    """A condition that only this test knows."""

    phase: int | None

    title = "Moon"
    group = Group.TIME
    fields = (Field("phase", "Phase of the moon", Kind.WHOLE, maximum=4),)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        return cls(whole_of(params, cls.fields[0]))

    def words(self) -> Sequence[Phrase]:
        return (Phrase("in phase %(phase)s of the moon", {"phase": self.phase}),)


@pytest.fixture
def moon() -> Iterator[None]:
    register("moon")(Moon)
    yield
    unregister("moon")


def test_a_new_condition_is_in_page_and_preview_by_itself(desks: Desks, moon: None) -> None:
    assert 'name="c-moon-phase"' in desks.as_mia.get(NEW).text
    answer = send(desks.as_mia, do="preview", **typed(**{"c-moon-phase": "3"}))
    assert "in phase 3 of the moon" in answer.text
    refused = send(desks.as_mia, **typed(**{"c-moon-phase": "5"}))
    assert refused.status_code == 422
    assert "Enter a number from 1 to 4." in refused.text
    made = save(desks.as_mia, **{"c-moon-phase": "4"})
    assert campaign(made).conditions == [{"name": "moon", "params": {"phase": 4}}]
