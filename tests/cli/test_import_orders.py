"""`portal import orders` with the files of Olist's marketplace, over an empty database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.kit import clock
from portal.queries import admin_order
from portal.queries.gateways import gateway_directory
from portal.queries.orders import load_order
from portal.services.fulfilment.watch_deadlines import watch_deadlines
from tests.cli.olist_files import BR, OlistFiles, oid
from tests.cli.shown import Run, balances, table


@pytest.mark.req("ORD-12", "BAL-01")
def test_a_delivered_order_of_two_sellers_is_paid_out(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    ref = files.order(
        1,
        items=((1, 1, "100.00", "10.00"), (1, 1, "100.00", "10.00"), (2, 2, "50.00", "5.50")),
        paid=(("voucher", "30.00"), ("voucher", "20.00"), ("credit_card", "225.50")),
    )
    result = run_orders(*files.write(tmp_path), *BR)
    assert result.exit_code == 0, result.output
    assert "1 orders imported, 0 known already, 0 rows refused, 0 payment differences" in result.output
    assert table("SELECT external_ref, status, subtotal_minor, shipping_minor, payable_minor FROM orders") == [
        (ref, "delivered", 25_000, 2_550, 27_550)
    ]
    assert table("SELECT status, payable_minor FROM order_part ORDER BY position") == [
        ("closed", 22_000),
        ("closed", 5_550),
    ]
    assert table("SELECT quantity, unit_price_minor FROM order_line ORDER BY position") == [(2, 10_000), (1, 5_000)]
    assert table("SELECT type, amount_minor, captured_minor FROM tender ORDER BY 2") == [
        ("gift", 5_000, 5_000), ("gateway", 22_550, 22_550),
    ]  # fmt: skip
    # A tenth of the goods is the commission; shipping fees go to the sellers whole.
    assert balances() == {
        "gateway_clearing": -22_550, "outside": -5_000, "seller_payable": 25_050, "commission": 2_500,
    }  # fmt: skip
    assert table("SELECT count(*) FROM outbox_event") == [(0,)]


def test_dates_are_kept(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1)
    run_orders(*files.write(tmp_path), *BR)

    def may(day: int, hour: int) -> datetime:
        return datetime(2017, 5, day, hour, tzinfo=UTC)

    assert table("SELECT placed_at, paid_at FROM orders") == [(may(1, 10), may(2, 9))]
    assert table("SELECT ship_by, shipped_at, delivered_at, deliver_until FROM order_part") == [
        (may(6, 0), may(3, 9), may(8, 9), may(20, 0))
    ]
    assert table("SELECT count(*) FROM part_deadline") == [(0,)]
    moves = table("SELECT to_state, at FROM transition WHERE subject = 'order' ORDER BY id")
    assert moves == [("pending", may(1, 10)), ("paid", may(2, 9)), ("shipped", may(3, 9)), ("delivered", may(8, 9))]
    assert table("SELECT created_at FROM ledger_entry WHERE kind = 'order_paid'") == [(may(2, 9),)]
    assert table("SELECT at > now() - interval '1 hour' FROM audit_row WHERE action = 'order:imported'") == [(True,)]


def test_dates_without_a_zone_are_the_channels(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1)
    run_orders(*files.write(tmp_path), *BR[:-2])
    assert table("SELECT placed_at FROM orders") == [(datetime(2017, 5, 1, 13, tzinfo=UTC),)]


@pytest.mark.req("BAL-01")
@pytest.mark.parametrize(
    ("paid", "difference", "booked"),
    [
        ((("credit_card", "112.50"),), "BRL 2.50", {"gateway_clearing": -11_250, "payment_difference": 250}),
        ((("credit_card", "109.99"),), "BRL -0.01", {"gateway_clearing": -10_999, "payment_difference": -1}),
        ((("voucher", "109.00"),), "BRL -1.00", {"outside": -10_900, "payment_difference": -100}),
        ((("voucher", "115.00"),), "BRL 5.00", {"outside": -11_500, "payment_difference": 500}),
    ],
)
def test_what_misses_the_total_is_named_and_booked(
    run_orders: Run, tmp_path: Path, paid: tuple[tuple[str, str], ...], difference: str, booked: dict[str, int]
) -> None:
    files = OlistFiles()
    ref = files.order(1, paid=paid)
    result = run_orders(*files.write(tmp_path), *BR)
    assert result.exit_code == 0
    assert f"orders.csv:2: order {ref}: owed BRL 110.00, paid BRL" in result.output
    assert f"difference {difference}\n" in result.output
    assert "1 payment differences" in result.output
    assert table("SELECT amount_minor FROM tender") == [(11_000,)]
    assert balances() == booked | {"seller_payable": 10_000, "commission": 1_000}


@pytest.mark.req("REF-02")
@pytest.mark.parametrize(
    ("shipped", "part", "difference"), [("", "cancelled", "110.00"), ("2017-05-03 09:00:00", "closed", "111.11")]
)
def test_a_paid_order_that_was_called_off_is_given_back(
    run_orders: Run, tmp_path: Path, shipped: str, part: str, difference: str
) -> None:
    files = OlistFiles()
    paid = (("voucher", "10.00"), ("boleto", f"{float(difference) - 10:.2f}"))
    files.order(1, status="canceled", shipped=shipped, delivered="", paid=paid)
    assert run_orders(*files.write(tmp_path), *BR).exit_code == 0
    assert table("SELECT o.status, p.status FROM orders o JOIN order_part p ON p.order_id = o.id") == [
        ("refunded", part)
    ]
    assert table("SELECT total_minor, status FROM refund") == [(11_000, "succeeded")]
    assert table("SELECT sum(amount_minor) FROM refund_leg") == table("SELECT sum(amount_minor) FROM refund_line")
    assert table("SELECT status, captured_minor = refunded_minor FROM payment") == [("refunded", True)]
    assert table("SELECT sum(amount_minor - refunded_minor) FROM tender_share") == [(0,)]
    # The voucher is the buyer's again; everything else is as if nothing had been bought.
    assert balances() == {"outside": -1_000, "gift": 1_000}
    assert table("SELECT on_hand, initial FROM stock") == [(0, 0)]


def test_an_order_that_was_never_paid_moves_no_money(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1, status="canceled", approved="", shipped="", delivered="")
    files.order(2, status="created", approved="", shipped="", delivered="", paid=())
    assert run_orders(*files.write(tmp_path), *BR).exit_code == 0
    assert table("SELECT status FROM orders ORDER BY external_ref") == [("cancelled",), ("expired",)]
    assert table("SELECT status, released_minor FROM tender") == [("released", 11_000)] * 2
    assert table("SELECT status, captured_minor FROM payment") == [("cancelled", 0)]
    assert balances() == {}


@pytest.mark.parametrize(
    ("status", "part"),
    [("approved", "released"), ("invoiced", "accepted"), ("processing", "packed"), ("shipped", "shipped")],
)
def test_orders_under_way_keep_their_money_in_escrow(run_orders: Run, tmp_path: Path, status: str, part: str) -> None:
    files = OlistFiles()
    files.order(1, status=status, shipped="2017-05-03 09:00:00" if status == "shipped" else "", delivered="")
    assert run_orders(*files.write(tmp_path), *BR).exit_code == 0
    assert table("SELECT status FROM order_part") == [(part,)]
    assert balances() == {"gateway_clearing": -11_000, "order_escrow": 11_000}
    # What was missed in the history is known; nobody is told of it years later.
    steps = [("deliver", True)] if part == "shipped" else [("deliver", True), ("ship", True)]
    assert table("SELECT step, missed_at = due_at FROM part_deadline ORDER BY 1") == steps
    with transaction() as session:
        assert watch_deadlines(session, now=clock.now()) == 0


@pytest.mark.req("ORD-14")
def test_running_it_again_takes_only_what_is_new(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1)
    run_orders(*files.write(tmp_path), *BR)
    files.order(2, person=9001, items=((1, 1, "90.00", "20.00"),))
    again = run_orders(*files.write(tmp_path), *BR)
    assert again.exit_code == 0
    assert "1 orders imported, 1 known already" in again.output
    assert table("SELECT count(*) FROM orders") == [(2,)]
    assert table("SELECT count(*) FROM user_account") == [(1,)]
    assert table("SELECT count(*) FROM variant") == [(1,)]
    assert table("SELECT on_hand, initial FROM stock") == [(0, 2)]
    assert table("SELECT amount_minor FROM price") == [(9_000,)]


@pytest.mark.parametrize(("packed", "bom"), [(True, False), (False, True)])
def test_files_come_in_many_wrappings(run_orders: Run, tmp_path: Path, packed: bool, bom: bool) -> None:
    files = OlistFiles()
    files.order(1)
    assert "1 orders imported" in run_orders(*files.write(tmp_path, packed=packed, bom=bom), *BR).output


def broken_item(files: OlistFiles) -> str:
    files.items[-1] = files.items[-1].replace(",100.00,", ",a lot,")
    return f"orders.csv:3: order {oid(2)}: line 3 of items.csv cannot be read"


def no_items(files: OlistFiles) -> str:
    files.items.pop()
    return f"orders.csv:3: order {oid(2)}: The order has no items."


def no_payment(files: OlistFiles) -> str:
    files.payments.pop()
    return f"orders.csv:3: order {oid(2)}: The order costs"


def paid_twice(files: OlistFiles) -> str:
    files.payments.append(files.payments[-1])
    return f"orders.csv:3: order {oid(2)}: The payments come to"


def no_customer(files: OlistFiles) -> str:
    files.customers.pop()
    return f"orders.csv:3: order {oid(2)}: its customer is in no file of customers"


def bad_date(files: OlistFiles) -> str:
    files.orders[-1] = files.orders[-1].replace("2017-05-01", "2017-15-01")
    return "orders.csv:3: order_purchase_timestamp is not a date and time"


def no_status(files: OlistFiles) -> str:
    files.orders[-1] = files.orders[-1].replace("delivered", "lost")
    return f"orders.csv:3: order {oid(2)}: the status lost is not known"


def unknown_method(files: OlistFiles) -> str:
    files.payments[-1] = files.payments[-1].replace("credit_card", "not_defined")
    return "payments.csv:3: the payment type not_defined is not known"


def item_of_no_order(files: OlistFiles) -> str:
    files.orders.pop()
    return f"items.csv:3: order {oid(2)} is in no file of orders"


@pytest.mark.parametrize(
    "spoil",
    [
        broken_item,
        no_items,
        no_payment,
        paid_twice,
        no_customer,
        bad_date,
        no_status,
        unknown_method,
        item_of_no_order,
    ],
)
def test_a_bad_row_is_named_and_keeps_its_order_out_whole(
    run_orders: Run, tmp_path: Path, spoil: Callable[[OlistFiles], str]
) -> None:
    files = OlistFiles()
    good = files.order(1)
    files.order(2)
    sentence = spoil(files)
    result = run_orders(*files.write(tmp_path), *BR)
    assert result.exit_code == 1
    assert sentence in result.output
    assert table("SELECT external_ref FROM orders") == [(good,)]
    assert table("SELECT count(*) FROM payment") == [(1,)]


def test_a_payment_of_nothing_is_named(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1, paid=(("credit_card", "110.00"), ("not_defined", "0.00")))
    result = run_orders(*files.write(tmp_path), *BR)
    assert result.exit_code == 0
    assert "a payment of nothing (not_defined, line 3 of the payments) is left out" in result.output


def test_files_that_belong_together_are_asked_for(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1)
    result = run_orders(*[file for file in files.write(tmp_path) if file.name != "payments.csv"], *BR)
    assert result.exit_code == 1
    assert "need these files as well: payments" in result.output
    assert table("SELECT count(*) FROM channel") == [(0,)]


def test_a_group_that_fails_is_taken_one_by_one(run_orders: Run, tmp_path: Path) -> None:
    """Two references of one payment at a gateway: only the database can know."""
    files = OlistFiles()
    for n in (1, 2, 3):
        files.order(n)
    run_orders(*files.write(tmp_path), *BR)
    with transaction() as session:
        session.execute(text("UPDATE payment_attempt SET gateway_ref = :taken WHERE gateway_ref = :own"),
                        {"taken": f"{oid(5)}:1", "own": f"{oid(1)}:1"})  # fmt: skip
    for n in (4, 5, 6):
        files.order(n)
    result = run_orders(*files.write(tmp_path), *BR)
    assert result.exit_code == 1
    assert f"orders.csv:6: order {oid(5)}: the database refuses it" in result.output
    assert "2 orders imported, 3 known already, 1 rows refused" in result.output


def test_routing_does_not_mind_the_account_of_imported_payments(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1)
    run_orders(*files.write(tmp_path), *BR)
    assert table("SELECT gateway, enabled FROM gateway_account") == [("imported", False)]
    assert gateway_directory() == {}


def test_an_order_of_two_cards_can_be_looked_at(run_orders: Run, tmp_path: Path) -> None:
    files = OlistFiles()
    files.order(1, paid=(("credit_card", "60.00"), ("credit_card", "50.00")))
    run_orders(*files.write(tmp_path), *BR)
    assert table("SELECT count(*) FROM payment") == [(2,)]
    ((number, buyer_id),) = table("SELECT number, buyer_id FROM orders")
    with reading() as session:
        seen = load_order(session, buyer_id=buyer_id, number=number)
        assert seen is not None
        assert seen.gateway_minor == 11_000
        of_desk = admin_order.load_order(session, number=number)
        assert of_desk is not None
        assert len(of_desk.tenders) == 2
