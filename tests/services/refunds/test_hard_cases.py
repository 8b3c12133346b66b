"""Refunds that went wrong elsewhere, and what a seller, a lot and a debt look like after them."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.gateways.base import Refunded, RefundFailed
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import channel_directory, forget_channels
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.services.mileage.grant_mileage import grant_mileage
from portal.services.orders.mature_mileage import mature_mileage
from portal.services.orders.release_part import RefundUnderWayError, release_part
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, give_mileage, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, open_legs, plan, rows, settle
from tests.services.refunds.test_decisions import move_part

pytestmark = pytest.mark.req("REF-02")


def balance(kind: str, owner: str = "%") -> int:
    query = (
        "SELECT coalesce(sum(p.amount_minor), 0)::int FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = :kind AND a.owner LIKE :owner"
    )
    return int(rows(query, kind=kind, owner=owner)[0][0])


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


@pytest.mark.req("REF-05")
def test_units_one_by_one_lose_nothing(mall: Mall, bea: Person) -> None:
    """Worked example D over the whole machinery, with a coupon, deposit and mileage."""
    make_coupon(percent=10)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    goods = {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=5_500): 1}
    goods |= {make_variant(mall, store=1, krw=3_333): 3}
    order = make_order(bea, mall, goods, codes=["AUTUMN10"], deposit_minor=5_000, mileage_points=2_000)
    # Worked example A: the shares of the lines.
    shares = "SELECT sum(amount_minor) FILTER (WHERE line_id = :line)::int FROM tender_share"
    assert [rows(shares, line=line)[0][0] for line in lines_of(order)] == [17_820, 4_950, 8_999]
    last = lines_of(order)[2]
    totals = []
    for _ in range(3):
        asked = ask_refund(order, {last: 1})
        totals.append(rows("SELECT total_minor FROM refund WHERE id = :id", id=asked.refund_id)[0][0])
        assert answer_legs(asked.refund_id) == "succeeded"
    assert sum(totals) == 8_999
    assert answer_legs(ask_refund(order).refund_id) == "succeeded"
    assert rows("SELECT count(*) FROM tender WHERE refunded_minor <> captured_minor") == [(0,)]
    assert (balance("deposit"), balance("mileage"), balance("order_escrow")) == (5_000, 2_000, 0)
    assert balance("coupon_cost") == 0


@pytest.mark.req("REF-06")
def test_points_that_were_spent_meanwhile_are_owed_and_netted_from_later_ones(
    mall: Mall, bea: Person, ada: Person
) -> None:
    """Hard case 16: earn 100, spend 80, refund: 80 are owed, and of the next 100 only 20 are left."""
    with transaction() as session:
        policy = '{"mileage": {"earn_rate": "0.01"}}'
        session.execute(text("UPDATE channel SET policy = CAST(:policy AS jsonb)"), {"policy": policy})
    mall = mall_again(mall)
    order = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    promised = int(rows("SELECT mileage_promised FROM orders")[0][0])
    assert promised == 100
    matured(order)
    other = make_order(bea, mall, {make_variant(mall, krw=80): 1}, mileage_points=80)
    assert balance("mileage") == 20
    shown = plan(order, actor=ada.actor, party=Party.ADMIN, reason="goodwill")
    assert (shown.plan.points_taken, shown.plan.points_owed) == (100, 80)
    asked = ask_refund(order, actor=ada.actor, party=Party.ADMIN, reason="goodwill")
    answer_legs(asked.refund_id)
    assert (balance("mileage"), balance("mileage_owed")) == (0, -80)
    leg_id, minor = rows("SELECT id, amount_minor FROM refund_leg WHERE destination = 'original'")[0]
    assert not settle(leg_id, Refunded(f"re_{leg_id.hex}", minor, "KRW"))  # It is told a second time.
    assert (balance("mileage"), balance("mileage_owed")) == (0, -80)
    grant(bea, 100)
    assert (balance("mileage"), balance("mileage_owed")) == (20, 0)
    assert other.id != order.id


def mall_again(mall: Mall) -> Mall:
    """The mall with its channels read anew."""
    forget_channels()
    channels = channel_directory()
    return Mall(channels["kr"], channels["us"], mall.store_ids, mall.section_id)


def matured(order: MadeOrder) -> None:
    """The parcel has come, and the time for returns is over."""
    move_part(order, "shipped", "delivered")
    later = clock.now() + timedelta(days=30)
    atomically(lambda s: mature_mileage(s, part_id=order.part_ids[0], now=later))


def grant(person: Person, points: int) -> None:
    with transaction() as session:
        grant_mileage(
            session,
            user_id=person.id,
            points=points,
            source="order",
            idem_key=f"test_grant:{uuid.uuid4()}",
            expires_at=clock.now() + timedelta(days=365),
            actor=SYSTEM,
            now=clock.now(),
        )


def test_points_go_back_to_their_own_lots_with_a_grace(mall: Mall, bea: Person) -> None:
    """Hard case 17: lots of 50 (3 days) and 50 (30 days), 60 spent and refunded: the first has its 50 again."""
    for days in (3, 30):
        with transaction() as session:
            grant_mileage(
                session,
                user_id=bea.id,
                points=50,
                source="welcome",
                idem_key=f"lot:{days}",
                expires_at=clock.now() + timedelta(days=days),
                actor=SYSTEM,
                now=clock.now(),
            )
    order = make_order(bea, mall, {make_variant(mall, krw=9_000): 1}, mileage_points=60)
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(0,), (40,)]
    ask_refund(order)
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(50,), (50,)]
    assert rows("SELECT expires_at > now() + interval '6 days' FROM mileage_lot ORDER BY id") == [(True,), (True,)]
    assert rows("SELECT expires_at < now() + interval '8 days' FROM mileage_lot ORDER BY id") == [(True,), (False,)]


def test_stored_value_goes_back_once_though_a_part_had_gone_before(mall: Mall, bea: Person) -> None:
    """Hard case 15: cancelling after a partial refund returns what was spent, not more."""
    give_deposit(bea, 30_000)
    order = make_order(bea, mall, {make_variant(mall, krw=9_000): 3}, deposit_minor=30_000)
    ask_refund(order, {lines_of(order)[0]: 1})
    assert balance("deposit") == 9_000
    ask_refund(order)
    assert balance("deposit") == 30_000


@pytest.mark.req("BAL-04", "CPN-15")
@pytest.mark.parametrize(
    ("funding", "paid", "given"), [("platform", 30_000, 3_000), ("shared", 28_800, 1_800), ("seller", 27_000, 0)]
)
def test_a_refund_after_the_seller_was_paid_takes_his_share_and_the_commission_back(
    mall: Mall, bea: Person, ada: Person, funding: str, paid: int, given: int
) -> None:
    store = mall.store_ids[0]
    shares = {str(store): "40"} if funding == "shared" else {}
    make_coupon(percent=10, funding=funding, store_id=store if funding == "seller" else None, seller_shares=shares)
    with transaction() as session:
        session.execute(text("UPDATE store SET commission_basis_points = 1000"))
    order = make_order(bea, mall, {make_variant(mall, krw=10_000): 3}, codes=["AUTUMN10"])
    move_part(order, "shipped", "delivered")
    atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))
    assert balance("commission") == paid // 10
    assert balance("seller_payable") == paid + 3_000 - paid // 10
    first = lines_of(order)[0]
    asked = ask_refund(order, {first: 1}, actor=ada.actor, party=Party.ADMIN, reason="goodwill")
    assert answer_legs(asked.refund_id) == "succeeded"
    assert rows("SELECT refunded_minor FROM payment") == [(9_000,)]
    assert balance("commission") == paid * 2 // 3 // 10
    assert balance("seller_payable") == paid * 2 // 3 + 3_000 - paid * 2 // 3 // 10
    assert balance("coupon_cost") == -given * 2 // 3
    assert balance("order_escrow") == 0


def test_no_seller_is_paid_while_a_refund_is_under_way(mall: Mall, bea: Person, ada: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 2})
    move_part(order, "shipped", "delivered")
    asked = ask_refund(order, {lines_of(order)[0]: 1}, actor=ada.actor, party=Party.ADMIN, reason="damaged")
    with pytest.raises(RefundUnderWayError):
        atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))
    answer_legs(asked.refund_id)
    atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))
    assert balance("order_escrow") == 0


def test_a_failed_refund_does_not_block_later_ones(mall: Mall, bea: Person) -> None:
    """Hard case 23: what failed does not count against the cap."""
    order = make_order(bea, mall, {make_variant(mall): 2})
    first = ask_refund(order, {lines_of(order)[0]: 1})
    answer_legs(first.refund_id, RefundFailed("processing_error"))
    second = ask_refund(order, {lines_of(order)[0]: 1})
    assert answer_legs(second.refund_id) == "succeeded"
    assert rows("SELECT refunded_minor FROM payment") == [(15_000,)]


def test_many_clicks_on_the_last_unit_give_it_back_once(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})
    mark = plan(order).plan.mark
    results = all_at_once(6, lambda n: ask_refund(order, key=f"click-{n}", shown=mark).status)
    assert results["approved"] == 1
    assert set(results) <= {"approved", "nothing_to_refund", "refund_changed_since_shown"}
    assert rows("SELECT count(*) FROM refund_leg") == [(1,)]
    assert rows("SELECT on_hand FROM stock") == [(100,)]


def test_the_same_click_eight_times_is_one_refund(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})
    mark = plan(order).plan.mark
    results = all_at_once(8, lambda _: str(ask_refund(order, key="one", shown=mark).refund_id))
    assert len(results) == 1
    assert rows("SELECT count(*) FROM refund") == [(1,)]


def test_cancelling_and_sending_at_once_never_does_both(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})
    mark = plan(order).plan.mark

    def act(n: int) -> str:
        if n:
            return ask_refund(order, shown=mark).status
        return ship(order.id, order.part_ids[0])

    results = all_at_once(2, act)
    status = rows("SELECT status FROM order_part")[0][0]
    stock = rows("SELECT on_hand FROM stock")[0][0]
    assert (status, stock) in {("cancelled", 100), ("shipped", 99)}
    assert results["shipped"] + results["approved"] == 1


def ship(order_id: uuid.UUID, part_id: uuid.UUID) -> str:
    """What shipping has to do: the order's lock, then a conditional move of the part."""
    with transaction() as session:
        session.execute(text("SELECT id FROM orders WHERE id = :id FOR UPDATE"), {"id": order_id})
        moved = session.execute(
            text(
                "UPDATE order_part SET status = 'shipped', shipped_at = now()"
                " WHERE id = :id AND status = 'released' RETURNING id"
            ),
            {"id": part_id},
        ).one_or_none()
        if moved is None:
            return "too late"
        session.execute(
            text(
                "INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, at)"
                " VALUES ('part', :id, :order, 'released', 'shipped', 'system', now())"
            ),
            {"id": str(part_id), "order": order_id},
        )
    return "shipped"


def all_at_once(count: int, act: object) -> Counter[str]:
    """Everybody acts in the same moment; refusals are counted by their code."""
    start = threading.Barrier(count)

    def run(n: int) -> str:
        start.wait(timeout=30)
        try:
            return str(act(n))  # type: ignore[operator]  # A callable of the number.
        except PortalError as refused:
            return refused.code

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(run, range(count)))


def test_legs_of_one_refund_are_open_only_at_gateways(mall: Mall, bea: Person) -> None:
    give_deposit(bea, 5_000)
    order = make_order(bea, mall, {make_variant(mall): 1}, deposit_minor=5_000)
    asked = ask_refund(order)
    assert len(open_legs(asked.refund_id)) == 1
    assert rows("SELECT count(*) FROM refund_leg WHERE status = 'succeeded'") == [(1,)]
