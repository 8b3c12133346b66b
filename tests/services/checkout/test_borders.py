"""What may cross borders: refused with what to change, and written down when it crosses (CHN-09)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import Product, Store, Variant
from portal.queries.channels import channel_directory, forget_channels
from portal.queries.compliance import compare_books
from portal.queries.returns import load_return
from portal.queries.store_order import load_store_order
from portal.rules.borders import (
    CountryNotServedError,
    DataStaysError,
    GoodsBarredBecauseError,
    GoodsBarredError,
    PersonalCodeMissingError,
    PersonalCodeUnfitError,
    ShipmentTooValuableError,
)
from portal.rules.permissions import Actor, Role
from portal.services.channels.save_channel import ChannelUnfitError, ChannelUnknownError
from portal.services.channels.write_border_rule import (
    BorderRuleOverError,
    BorderTerms,
    end_border_rule,
    set_border_rule,
)
from portal.services.checkout.place_order import Placed
from tests.blueprints.desks import counted
from tests.factories.account import ADDRESS_KR, ADDRESS_US, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_gateway, make_order
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.factories.returns import Case

pytestmark = [pytest.mark.req("CHN-09"), pytest.mark.usefixtures("books")]

ADA = Actor(roles=frozenset({Role.ADMIN}))
CODE = "P123456789012"
Rule = Callable[..., int]


@pytest.fixture
def mall(books: None) -> Mall:
    """With one store that sends from the United States."""
    made = make_mall()
    with transaction() as session:
        session.get_one(Store, made.store_ids[1]).country = "US"
    make_gateway()
    return made


def set_rule(mall: Mall, kind: str, country: str, *, channel: str = "kr", actor: Actor = ADA, **terms: Any) -> int:
    """A rule that holds at once; its id."""
    channel_id = {"kr": mall.kr.id, "us": mall.us.id}[channel]
    wanted = BorderTerms(kind, country, note="By law.", **terms)
    with transaction() as session:
        made = set_border_rule(
            session, channel_id=channel_id, terms=wanted, valid_from=None, actor=actor, now=clock.now()
        )
    forget_channels()
    return made


def refused(mall: Mall, goods: Mapping[int, int], error: type[PortalError], **more: Any) -> str:
    """What a new buyer reads who may not order them; nothing is left of the try."""
    bea = make_person("bea")
    with pytest.raises(error) as raised:
        ready_to_buy(bea, channel_directory()["kr"], goods, **more)()
    assert rows("SELECT (SELECT count(*) FROM orders), (SELECT sum(reserved) FROM stock)") == [(0, 0)]
    assert rows("SELECT count(*) FROM cart_line") == [(len(goods),)]
    return str(raised.value)


def test_a_channel_delivers_to_its_own_country_and_to_those_of_its_rules(mall: Mall) -> None:
    bea, bowl = make_person("bea"), make_variant(mall)
    with pytest.raises(CountryNotServedError):
        make_order(bea, mall, {bowl: 1}, address=ADDRESS_US)
    set_rule(mall, "delivers", "US")
    make_order(bea, mall, {bowl: 1}, channel=channel_directory()["kr"], address=ADDRESS_US)
    crossed = "SELECT o.deliver_to, from_country, to_country FROM orders o JOIN border_record r ON r.order_id = o.id"
    assert rows(crossed) == [("US", "KR", "US")]


def test_goods_are_barred_by_category_or_customs_code_with_the_reason_in_the_buyers_words(mall: Mall) -> None:
    tea = make_variant(mall, name="Sage tea")
    with transaction() as session:
        product = session.get_one(Product, session.get_one(Variant, tea).product_id)
        product.customs_code = "090210"
    first = set_rule(mall, "barred", "KR", customs_code="0902", words={"en": "Tea needs a permit."})
    said = refused(mall, {tea: 1}, GoodsBarredBecauseError)
    assert "Sage tea cannot be delivered" in said
    assert "Tea needs a permit. Take it out of the cart" in said
    with transaction() as session:
        end_border_rule(session, channel_id=mall.kr.id, rule_id=first, note="Over.", actor=ADA, now=clock.now())
    set_rule(mall, "barred", "KR", section_id=mall.section_id)
    with pytest.raises(GoodsBarredError):
        ready_to_buy(make_person("max"), channel_directory()["kr"], {tea: 1})()


@pytest.mark.parametrize(("quantity", "is_refused"), [(2, False), (3, True)])
def test_a_shipment_from_abroad_has_a_highest_value(mall: Mall, quantity: int, is_refused: bool) -> None:
    # 11,000 won with a tenth of tax within: 10,000 are declared.
    mug = make_variant(mall, store=1, krw=11_000)
    set_rule(mall, "value_max", "KR", limit_minor=20_000)
    if is_refused:
        assert "at most" in refused(mall, {mug: quantity}, ShipmentTooValuableError)
    else:
        assert isinstance(ready_to_buy(make_person("bea"), channel_directory()["kr"], {mug: quantity})(), Placed)


def test_above_its_limit_customs_want_the_buyers_own_code_and_it_is_kept_with_the_record(mall: Mall) -> None:
    mug = make_variant(mall, store=1, krw=11_000)
    set_rule(mall, "code_above", "KR", limit_minor=19_999)
    set_rule(mall, "duty_free", "KR", limit_minor=15_000)
    refused(mall, {mug: 2}, PersonalCodeMissingError)
    with pytest.raises(PersonalCodeUnfitError):
        ready_to_buy(make_person("max"), channel_directory()["kr"], {mug: 2}, personal_code="123")()
    placed = ready_to_buy(make_person("eve"), channel_directory()["kr"], {mug: 2}, personal_code="p1234 5678-9012")()
    assert isinstance(placed, Placed)
    columns = "customs, currency, declared_minor, tax_minor, goods, personal_code, platform_currency"
    [kept] = rows(f"SELECT {columns} FROM border_record")  # noqa: S608  # Ours.
    assert kept[:4] == ("dutiable", "KRW", 20_000, 2_000)
    assert [(one["quantity"], one["value_minor"], one["tax_rate"]) for one in kept[4]] == [(2, 20_000, "0.1")]
    assert kept[5] is not None
    assert CODE.encode() not in bytes(kept[5])
    assert kept[6] is None


def test_the_duty_above_the_free_value_is_that_of_the_rule_closest_to_the_goods_and_rounded_once(mall: Mall) -> None:
    mug, tea = make_variant(mall, store=1, krw=11_000), make_variant(mall, store=1, krw=1_102, name="Tea")
    with transaction() as session:
        session.get_one(Product, session.get_one(Variant, tea).product_id).customs_code = "090210"
    for rate, about in ((800, {}), (650, {"section_id": mall.section_id}), (4_000, {"customs_code": "0902"})):
        set_rule(mall, "duty_rate", "KR", rate_basis_points=rate, **about)
    set_rule(mall, "duty_free", "KR", limit_minor=10_000)

    for name, goods in (("bea", {mug: 1}), ("eve", {mug: 1, tea: 1})):
        assert isinstance(ready_to_buy(make_person(name), channel_directory()["kr"], goods)(), Placed)
    # 10,000 are free. 10,000 at 6.5 % and 1,002 at 40 %: 650 + 400.8, nowhere rounded before it is added up.
    declared = "SELECT declared_minor, customs, duty_minor FROM border_record ORDER BY placed_at"
    assert rows(declared) == [(10_000, "duty_free", None), (11_002, "dutiable", 1_051)]


def test_the_record_of_another_currency_keeps_the_rate_with_its_source_and_time(mall: Mall) -> None:
    bowl, mug = make_variant(mall), make_variant(mall, store=1)
    make_order(make_person("bea"), mall, {bowl: 2, mug: 1}, channel=mall.us)
    columns = "from_country, to_country, declared_minor, platform_currency, platform_minor, fx_rate, fx_source"
    found = rows(f"SELECT {columns}, fx_as_of IS NOT NULL FROM border_record")  # noqa: S608  # Ours.
    assert found == [("KR", "US", 2_000, "KRW", 26_000, Decimal(1300), "bank", True)]


def test_an_order_within_one_country_takes_no_further_statement(mall: Mall) -> None:
    bowl, mug = make_variant(mall), make_variant(mall, store=1)
    bea = make_person("bea")
    at_home = ready_to_buy(bea, channel_directory()["kr"], {bowl: 1})
    with counted() as statements:
        at_home()
    assert not [one for one in statements if "border_record" in one]
    abroad = ready_to_buy(make_person("max"), channel_directory()["kr"], {mug: 1})
    with counted() as others:
        abroad()
    assert len([one for one in others if "border_record" in one]) == 1


def test_personal_data_stays_at_home_in_the_checkout_and_on_the_stores_desk(mall: Mall) -> None:
    mug = make_variant(mall, store=1)
    order = make_order(make_person("bea"), mall, {mug: 1})

    def seen() -> tuple[bool, Mapping[str, str]]:
        with reading() as session:
            found = load_store_order(session, part_id=order.part_ids[0], store_ids=[mall.store_ids[1]], now=clock.now())
        assert found is not None
        return found.is_shared, found.address

    assert seen()[1]["name"] == ADDRESS_KR["name"]
    set_rule(mall, "data_stays", "*")
    assert seen() == (False, {})
    with pytest.raises(DataStaysError) as raised:
        ready_to_buy(make_person("max"), channel_directory()["kr"], {mug: 1})()
    assert "Take its goods out of the cart" in str(raised.value)


def test_nor_does_a_store_abroad_read_who_sends_goods_back(mall: Mall) -> None:
    case = Case(mall)
    with transaction() as session:
        session.get_one(Store, mall.store_ids[0]).country = "US"
    return_id = case.ask({case.line: 1})
    set_rule(mall, "data_stays", "*")
    with reading() as session:
        stores = load_return(session, return_id=return_id, for_store=True)
        malls = load_return(session, return_id=return_id)
    assert stores is not None
    assert malls is not None
    assert (stores.buyer_name, dict(stores.buyer_address)) == ("", {})
    assert malls.buyer_address["line1"] == ADDRESS_KR["line1"]


def test_a_rule_is_kept_with_who_and_why_and_ends_once(mall: Mall) -> None:
    rule_id = set_rule(mall, "value_max", "KR", limit_minor=5)
    found = "SELECT term, after, why FROM override_decision"
    assert rows(found) == [("border-value_max", "KR 5", "By law.")]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'border-rule:set'") == [(1,)]
    ends: dict[str, Any] = {"channel_id": mall.kr.id, "rule_id": rule_id, "actor": ADA, "now": clock.now()}
    with pytest.raises(ChannelUnfitError), transaction() as session:
        end_border_rule(session, note=" ", **ends)
    with transaction() as session:
        end_border_rule(session, note="Repealed.", **ends)
    with pytest.raises(BorderRuleOverError), transaction() as session:
        end_border_rule(session, note="Again.", **ends)
    assert rows("SELECT before, after, why FROM override_decision ORDER BY id DESC LIMIT 1") == [
        ("KR 5", None, "Repealed.")
    ]


@pytest.mark.parametrize(
    ("kind", "country", "terms", "field"),
    [
        ("nothing", "KR", {}, "kind"),
        ("barred", "XX", {}, "country"),
        ("delivers", "*", {}, "country"),
        ("delivers", "KR", {}, "country"),
        ("data_stays", "KR", {}, "country"),
        ("value_max", "KR", {}, "limit"),
        ("barred", "KR", {"customs_code": "12"}, "customs_code"),
        ("barred", "KR", {"customs_code": "1234", "section_id": 1}, "customs_code"),
        ("value_max", "KR", {"limit_minor": 1, "customs_code": "1234"}, "customs_code"),
        ("barred", "KR", {"section_id": 0}, "section"),
        ("duty_rate", "KR", {}, "rate"),
        ("duty_rate", "KR", {"rate_basis_points": 200_001}, "rate"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_by_field(
    mall: Mall, kind: str, country: str, terms: Mapping[str, Any], field: str
) -> None:
    with pytest.raises(ChannelUnfitError) as raised:
        set_rule(mall, kind, country, **terms)
    assert field in raised.value.faults


def test_a_manager_sets_the_rules_of_his_own_channel_only(mall: Mall) -> None:
    manager = Actor(roles=frozenset({Role.CHANNEL_MANAGER}), managed_ids=frozenset({mall.kr.id}))
    set_rule(mall, "delivers", "US", actor=manager)
    with pytest.raises(ChannelUnknownError):
        set_rule(mall, "delivers", "KR", channel="us", actor=manager)
    with pytest.raises(ChannelUnknownError):
        set_rule(mall, "delivers", "JP", actor=Actor(roles=frozenset({Role.MARKETING})))


def test_records_and_books_are_compared_and_each_difference_is_named(mall: Mall) -> None:
    bowl, mug = make_variant(mall), make_variant(mall, store=1)
    one = make_order(make_person("bea"), mall, {bowl: 2, mug: 1})
    two = make_order(make_person("max"), mall, {mug: 1})

    def compared() -> dict[str, tuple[int, int, int | None, int | None, tuple[str, ...]]]:
        now = clock.now()
        with reading() as session:
            found = compare_books(session, channel_id=mall.kr.id, since=now - timedelta(days=1), until=now)
        return {
            row.check: (row.orders, row.records, row.orders_minor, row.records_minor, tuple(row.differing))
            for row in found
        }

    total = rows("SELECT sum(payable_minor)::bigint FROM orders")[0][0]
    assert compared() == {
        "placed": (2, 2, None, None, ()),
        "paid": (2, 2, None, None, ()),
        "ledger": (2, 2, total, total, ()),
        "borders": (2, 2, 21_818, 21_818, ()),
    }
    with transaction() as session:
        session.execute(text("SET ROLE NONE"))  # The application itself cannot.
        session.execute(text("DELETE FROM border_record WHERE order_id = :id"), {"id": one.id})
        session.execute(text("SET ROLE portal_app"))
        session.execute(text("DELETE FROM outbox_event WHERE subject = 'order:' || :id"), {"id": str(two.id)})
    found = compared()
    assert found["borders"] == (2, 1, 21_818, 10_909, (one.number,))
    assert found["placed"] == (2, 1, None, None, (two.number,))
    assert found["paid"] == (2, 1, None, None, (two.number,))


def test_a_rule_counts_from_its_moment_on(mall: Mall) -> None:
    rule_id = set_rule(mall, "delivers", "US")
    kr = channel_directory()["kr"]
    [rule] = kr.border_rules
    assert rule.id == rule_id
    later = replace(kr, border_rules=[replace(rule, valid_from=clock.now() + timedelta(hours=1))])
    assert later.borders(clock.now()).served == ("KR",)
    assert later.borders(clock.now() + timedelta(hours=1)).served == ("KR", "US")
