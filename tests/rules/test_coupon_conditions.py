"""Every condition from both sides, its words and its bounds (CPN-03, CPN-07)."""

import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.kit.errors import Rejection, fill
from portal.rules.coupons.conditions import ConditionInvalidError, kinds, parse
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind
from portal.rules.coupons.evaluate import evaluate
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.segments import groups_of, segments_of
from portal.rules.coupons.terms import ConditionTerms
from tests.rules.carts import NOON
from tests.rules.test_coupons import CART, coupon, limited

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
BEA, CEM = UUID(int=1), UUID(int=2)
BUYER: Facts = dataclasses.replace(
    CART,
    user_id=BEA,
    country="KR",
    method="credit_card",
    tier="gold",
    segments=frozenset({"returning", "regular"}),
    groups=frozenset({"customer"}),
)


def refusal(name: str, facts: Facts = BUYER, **params: Any) -> Rejection | None:
    return evaluate(limited(name, **params), facts).rejection


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize(
    ("name", "fits", "not_fits", "code"),
    [
        ("category", {"included": [2]}, {"included": [9]}, "COUPON_WRONG_PRODUCTS"),
        ("category", {"excluded": [9]}, {"excluded": [1, 2, 3]}, "COUPON_WRONG_PRODUCTS"),
        ("tier", {"any_of": ["gold", "silver"]}, {"any_of": ["silver"]}, "COUPON_WRONG_TIER"),
        ("segment", {"any_of": ["regular"]}, {"any_of": ["new", "lapsed"]}, "COUPON_WRONG_SEGMENT"),
        ("user_group", {"any_of": ["customer"]}, {"any_of": ["staff"]}, "COUPON_WRONG_GROUP"),
        ("user", {"user_ids": [str(BEA)]}, {"user_ids": [str(CEM)]}, "COUPON_NOT_ELIGIBLE"),
        ("region", {"countries": ["KR", "JP"]}, {"countries": ["US"]}, "COUPON_WRONG_REGION"),
        ("payment_method", {"methods": ["credit_card"]}, {"methods": ["wallet"]}, "COUPON_WRONG_METHOD"),
        ("quantity", {"minimum": 3}, {"minimum": 4}, "COUPON_TOO_FEW_ITEMS"),
        ("quantity", {"maximum": 3}, {"maximum": 2}, "COUPON_TOO_MANY_ITEMS"),
    ],
)
def test_a_condition_lets_in_and_refuses(name: str, fits: dict[str, Any], not_fits: dict[str, Any], code: str) -> None:
    assert refusal(name, **fits) is None
    rejection = refusal(name, **not_fits)
    assert rejection is not None
    assert rejection.code == code
    # The hint names nothing that the refusal does not know.
    assert fill(rejection.hint, rejection.params) is not None


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize("name", ["tier", "segment", "user_group"])
def test_who_is_not_known_has_none_of_these(name: str) -> None:
    assert refusal(name, CART, any_of=["gold"]) is not None


@pytest.mark.req("CPN-07")
def test_a_refusal_says_what_would_work() -> None:
    too_few = refusal("quantity", minimum=5)
    assert too_few is not None
    assert fill(too_few.hint, too_few.params) == "Add 2 more."
    closed = evaluate(limited("window", weekdays=[1], **{"from": "09:00", "until": "18:00"}), CART).rejection
    assert closed is not None
    # NOON is Monday, 21:00 in Seoul: Tuesday at nine is midnight in UTC.
    assert closed.params["opens_at"] == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    wrong = refusal("section", included=[9])
    assert wrong is not None
    assert wrong.hint
    excluded = refusal("section", excluded=[1, 2, 3])
    assert excluded is not None
    assert not excluded.hint


# In New York the clock goes from 2:00 to 3:00 on 8 March 2026, and from 2:00 back to 1:00 on 1 November.
@pytest.mark.req("CPN-03")
@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), True),  # 01:59 EST
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), False),  # 03:00 EDT: the hour from two to three is not there.
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), True),  # 01:30 EDT
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), True),  # 01:30 EST: the hour comes twice.
        (datetime(2026, 11, 1, 8, 0, tzinfo=UTC), False),  # 03:00 EST
    ],
)
def test_the_clock_on_the_wall_counts_when_it_is_changed(at: datetime, is_open: bool) -> None:
    facts = dataclasses.replace(CART, now=at, zone=ZoneInfo("America/New_York"))
    terms = dataclasses.replace(
        limited("window", **{"from": "00:30", "until": "03:00"}),
        valid_from=LONG_AGO,
        valid_until=None,
    )
    assert (evaluate(terms, facts).rejection is None) is is_open


def test_the_next_opening_may_be_an_hour_that_is_skipped() -> None:
    facts = dataclasses.replace(CART, now=datetime(2026, 3, 8, 6, 0, tzinfo=UTC), zone=ZoneInfo("America/New_York"))
    terms = dataclasses.replace(
        limited("window", **{"from": "02:30", "until": "02:45"}),
        valid_from=LONG_AGO,
        valid_until=None,
    )
    rejection = evaluate(terms, facts).rejection
    assert rejection is not None
    assert rejection.params["opens_at"] == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize(
    ("name", "params", "field"),
    [
        ("quantity", {}, "minimum"),
        ("quantity", {"minimum": 0}, "minimum"),
        ("quantity", {"minimum": 10_000}, "minimum"),
        ("quantity", {"minimum": 1.5}, "minimum"),
        ("quantity", {"minimum": True}, "minimum"),
        ("quantity", {"minimum": 3, "maximum": 2}, "maximum"),
        ("minimum_spend", {}, "minimum"),
        ("minimum_spend", {"minimum": {"KRW": 0}}, "minimum"),
        ("minimum_spend", {"minimum": {"KRW": -1}}, "minimum"),
        ("minimum_spend", {"minimum": {"KRW": 2**53 + 1}}, "minimum"),
        ("minimum_spend", {"minimum": {"ZZZ1": 5}}, "minimum"),
        ("minimum_spend", {"minimum": {"KRW": 5}, "maximum": {"KRW": 4}}, "maximum"),
        ("section", {}, "included"),
        ("section", {"included": [1], "excluded": [1, 2]}, "excluded"),
        ("section", {"included": ["1"]}, "included"),
        ("section", {"included": list(range(501))}, "included"),
        ("product", {"sku": [1]}, "sku"),
        ("channel", {"channel_ids": []}, "channel_ids"),
        ("store", {}, "store_ids"),
        ("tier", {"any_of": []}, "any_of"),
        ("region", {"countries": ["Korea"]}, "countries"),
        ("payment_method", {}, "methods"),
        ("user", {"user_ids": ["bea@example.com"]}, "user_ids"),
        ("window", {}, "weekdays"),
        ("window", {"weekdays": [7]}, "weekdays"),
        ("window", {"from": "24:01"}, "from"),
        ("window", {"from": "9"}, "from"),
        ("window", {"from": 9}, "from"),
        ("window", {"from": "10:00", "until": "10:00"}, "until"),
        ("first_order", {"wanted": True, "more": 1}, "more"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_at_its_field(name: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(ConditionInvalidError) as refused:
        parse(ConditionTerms(name, params))
    assert refused.value.field == field
    assert "%(" not in str(refused.value)


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize("params", [{"minimum": 1}, {"minimum": 9_999}, {"minimum": 2, "maximum": 2}])
def test_bounds_themselves_are_within(params: dict[str, Any]) -> None:
    parse(ConditionTerms("quantity", params))


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize(
    ("paid", "days", "segments"),
    [
        (0, None, {"new"}),
        (1, 0, {"returning"}),
        (4, 179, {"returning"}),
        (5, 180, {"returning", "regular", "lapsed"}),
    ],
)
def test_segments_follow_from_what_was_bought(paid: int, days: int | None, segments: set[str]) -> None:
    last = None if days is None else datetime.fromtimestamp(NOON.timestamp() - days * 86_400, UTC)
    assert segments_of(paid, last, NOON) == segments


def test_who_works_here_is_no_customer() -> None:
    assert groups_of(["buyer"]) == {"customer"}
    assert groups_of(["buyer", "seller"]) == {"seller"}
    assert groups_of(["marketing", "seller"]) == {"staff", "seller"}


def test_every_condition_can_be_set_by_a_form_and_described() -> None:
    for name, kind in kinds().items():
        assert kind.title, name
        assert kind.fields, name
        assert all(field.label and field.schema() for field in kind.fields), name
    words = parse(ConditionTerms("quantity", {"minimum": 2, "maximum": 4})).words()
    assert [fill(one.sentence, one.params) for one in words] == ["from 2 items on", "up to 4 items"]


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        (Field("a", "", Kind.IDS), {"": ["3", "1", "3"]}, [1, 3]),
        (Field("a", "", Kind.IDS, is_long=True), {"": ["3, 1\n 7"]}, [1, 3, 7]),
        (Field("a", "", Kind.KEYS), {"": ["b", "a", "b"]}, ["b", "a"]),
        (Field("a", "", Kind.AMOUNTS), {"KRW": ["20,000"], "USD": ["12.50"], "": [""]}, {"KRW": 20_000, "USD": 1_250}),
        (Field("a", "", Kind.AMOUNTS), {"KRW": [" "]}, None),
        (Field("a", "", Kind.WHOLE), {"": [" 12 "]}, 12),
        (Field("a", "", Kind.TIME), {"": ["09:30"]}, "09:30"),
        (Field("a", "", Kind.FLAG), {"": ["y"]}, None),
    ],
)
def test_a_form_reads_what_it_shows(field: Field, typed: dict[str, list[str]], value: Any) -> None:
    assert field.read(typed) == value
    assert field.read(field.show(value)) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.WHOLE, {"": ["1.5"]}),
        (Kind.WHOLE, {"": ["-1"]}),
        (Kind.WHOLE, {"": ["١"]}),
        (Kind.IDS, {"": ["9" * 10]}),
        (Kind.AMOUNTS, {"KRW": ["12.50"]}),
        (Kind.AMOUNTS, {"USD": ["1.234"]}),
        (Kind.AMOUNTS, {"USD": ["-5"]}),
    ],
)
def test_a_form_refuses_what_cannot_be_read(kind: Kind, typed: dict[str, list[str]]) -> None:
    with pytest.raises(FieldError):
        Field("a", "", kind).read(typed)


def test_conditions_on_goods_narrow_together() -> None:
    terms = dataclasses.replace(
        coupon(),
        conditions=(
            ConditionTerms("section", {"included": [1]}),
            ConditionTerms("product", {"excluded": [11]}),
        ),
    )
    rejection = evaluate(terms, BUYER).rejection
    assert rejection is not None
    assert rejection.code == "COUPON_WRONG_PRODUCTS"
