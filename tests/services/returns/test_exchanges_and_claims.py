"""Another option instead, the same once more, or the money: for what does not please, and for lost parcels."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.refund_policy import Party
from portal.rules.returns import Condition, ReturnKind, Verdict, Wish
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.refunds.plan_refund import RefundReasonError
from portal.services.returns.exchange_goods import ExchangeOptionError
from portal.services.returns.inspect_return import inspect_return
from portal.services.returns.request_return import ParcelOfClaimError, ReturnUnitsError
from portal.services.returns.settle_return import NothingToSendError, send_replacement, settle_claim
from portal.services.stock.reserve_stock import OutOfStockError
from tests.factories.cart import make_variant
from tests.factories.refund import rows
from tests.factories.returns import Case, status_of_return, units_of

pytestmark = pytest.mark.req("ORD-005")


@pytest.fixture
def case(books: None) -> Case:
    return Case()


def option_of(case: Case, *, krw: int = 12_000, stock: int = 10) -> int:
    """Another option of what was bought."""
    found = make_variant(case.mall, krw=krw, on_hand=stock)
    with transaction() as session:
        session.execute(
            text("UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = :id"),
            {"was": case.variant, "id": found},
        )
    return found


def replace(case: Case, return_id: uuid.UUID) -> bool:
    carrier, number = case.send_out()
    return atomically(
        lambda s: send_replacement(
            s, return_id=return_id, carrier=carrier, number=number, actor=case.sam.actor, now=clock.now()
        )
    )


def exchange(case: Case, wanted: int, count: int = 2) -> uuid.UUID:
    return case.ask({case.line: count}, kind=ReturnKind.EXCHANGE, variants={case.line: wanted})


@pytest.mark.req("ORD-14")
def test_an_exchange_keeps_the_option_from_approval_and_sends_it_as_a_parcel_of_the_same_part(case: Case) -> None:
    wanted = option_of(case)
    before, other = case.on_hand(), case.on_hand(wanted)
    asked = exchange(case, wanted)
    assert case.on_hand(wanted) == other
    case.approve(asked)
    assert case.on_hand(wanted) == other - 2
    case.receive(asked)
    case.inspect(asked, accepted=1)
    # One goes back to its buyer: what was kept for it is on the shelf again, beside the one that came.
    assert (case.on_hand(wanted), case.on_hand()) == (other - 1, before + 1)
    assert rows("SELECT count(*) FROM refund") == [(0,)]
    assert replace(case, asked)
    assert not replace(case, asked)
    assert case.part() == "returning"
    sent = rows("SELECT replacement_id FROM goods_return WHERE id = :id", id=asked)[0][0]
    assert units_of(asked) == ["accepted", "rejected"]
    case.arrive(sent)
    assert case.part() == "returning"  # One is still on its way back to the buyer.


def test_goods_of_another_store_are_no_exchange_and_what_is_gone_cannot_be_promised(case: Case) -> None:
    with pytest.raises(ExchangeOptionError):
        exchange(case, make_variant(case.mall, store=1, krw=12_000))
    asked = exchange(case, option_of(case, stock=1))
    with pytest.raises(OutOfStockError):
        case.approve(asked)
    assert status_of_return(asked) == "requested"


def test_what_was_exchanged_is_not_exchanged_again_and_a_hold_stops_the_parcel(case: Case) -> None:
    asked = exchange(case, option_of(case), count=3)
    case.approve(asked)
    case.receive(asked)
    with pytest.raises(NothingToSendError):
        replace(case, asked)
    case.inspect(asked)
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO order_hold (id, order_id, part_id, kind, reason, placed_by, placed_at)"
                " VALUES (gen_random_uuid(), :order, :part, 'admin', 'other', 'system', now())"
            ),
            {"order": case.order.id, "part": case.part_id},
        )
    with pytest.raises(PartOnHoldError):
        replace(case, asked)
    with transaction() as session:
        session.execute(text("UPDATE order_hold SET released_at = now(), released_by = 'system'"))
    assert replace(case, asked)
    assert (status_of_return(asked), case.part()) == ("settled", "shipped")
    case.arrive(rows("SELECT replacement_id FROM goods_return")[0][0])
    assert case.part() == "delivered"
    with pytest.raises(ReturnUnitsError):
        case.ask({case.line: 1})


@pytest.mark.req("ORD-14")
def test_two_who_inspect_at_once_put_each_unit_on_the_shelf_once_and_refund_once(case: Case) -> None:
    asked = case.ask({case.line: 2})
    case.approve(asked)
    case.receive(asked)
    before = case.on_hand()
    units = [row[0] for row in rows("SELECT id FROM return_unit WHERE return_id = :id", id=asked)]
    verdicts = dict.fromkeys(units, Verdict(True, Condition.NEW, True))
    start = threading.Barrier(4)

    def one(number: int) -> str:
        start.wait(timeout=30)
        actor = (case.sam if number % 2 else case.ada).actor
        try:
            done = atomically(
                lambda s: inspect_return(
                    s, return_id=asked, verdicts=verdicts, note="", actor=actor, now=clock.now(), version=3
                )
            )
        except PortalError as error:
            return error.code
        return "done" if done else "repeat"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(one, range(4)))
    assert said.count("done") == 1
    assert set(said) <= {"done", "repeat", "return_changed"}
    assert case.on_hand() == before + 2
    assert rows("SELECT count(*), sum(total_minor)::int FROM refund") == [(1, 24_000)]


def claim(case: Case, count: int = 3, **more: Any) -> uuid.UUID:
    values = {"kind": ReturnKind.CLAIM, "reason": "lost", "shipment_id": case.shipment_id, **more}
    return case.ask({case.line: count}, **values)


def settle(
    case: Case,
    return_id: uuid.UUID,
    outcome: Literal["refund", "resend"],
    *,
    carrier_liable: bool = True,
    note: str = "Told the carrier.",
) -> bool:
    return atomically(
        lambda s: settle_claim(
            s,
            return_id=return_id,
            outcome=outcome,
            carrier_liable=carrier_liable,
            note=note,
            actor=case.sam.actor,
            now=clock.now(),
        )
    )


def test_a_lost_parcel_is_refunded_with_its_shipping_fee_and_nothing_reaches_the_shelf(books: None) -> None:
    case = Case(arrived=False)
    before = case.on_hand()
    asked = claim(case, by=case.sam, party=Party.SELLER)
    assert case.part() == "shipped"
    assert settle(case, asked, "refund")
    assert not settle(case, asked, "refund")
    assert (status_of_return(asked), units_of(asked), case.on_hand()) == ("settled", ["accepted"] * 3, before)
    fee = rows("SELECT shipping_fee_minor FROM order_part WHERE id = :id", id=case.part_id)[0][0]
    assert rows("SELECT total_minor FROM refund") == [(36_000 + fee,)]
    assert rows("SELECT carrier_liable FROM goods_return") == [(True,)]


def test_a_damaged_parcel_is_sent_once_more_and_can_come_back_after_that(case: Case) -> None:
    before = case.on_hand()
    asked = claim(case, 1, reason="damaged", wish=Wish.RESEND)
    assert settle(case, asked, "resend", carrier_liable=False, note="")
    assert (status_of_return(asked), case.on_hand(), case.part()) == ("inspected", before - 1, "delivered")
    assert replace(case, asked)
    assert (status_of_return(asked), case.part()) == ("settled", "shipped")
    assert case.ask({case.line: 3})


def test_a_claim_is_about_a_parcel_of_the_part_and_what_was_in_it(case: Case) -> None:
    with pytest.raises(ParcelOfClaimError):
        claim(case, 1, shipment_id=None)
    with pytest.raises(RefundReasonError):
        claim(case, 1, reason="changed_mind")
    with pytest.raises(ReturnUnitsError):
        claim(case, 4)
    with pytest.raises(PortalError):
        case.approve(claim(case, 1))
