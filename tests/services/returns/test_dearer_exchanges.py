"""Goods are exchanged for something dearer: paid before they go out, or the money comes back (ORD-005)."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.gateways.base import Approved
from portal.jobs.outbox import handle_events
from portal.jobs.schedule import end_unpaid_exchanges
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.rules.higher_price import PAY_WITHIN
from portal.rules.permissions import SYSTEM
from portal.rules.returns import ReturnKind
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.means import Means
from portal.services.checkout.pay_exchange import ExchangePaymentWish, NothingMoreToPayError, pay_exchange
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from portal.services.returns.settle_return import ExchangeUnpaidError, send_replacement
from portal.services.returns.take_return import ReturnUnknownError
from portal.services.returns.turn_exchange import NotWaitingForPaymentError, take_money_instead
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_US, Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, make_coupon, make_order
from tests.factories.parcel import send
from tests.factories.refund import answer_legs, lines_of, rows
from tests.factories.returns import Case, status_of_return
from tests.reading_html import by_id, text_of, tree
from tests.services.refunds.test_hard_cases import balance
from tests.services.returns.test_cheaper_exchanges import give_back, option_of

pytestmark = pytest.mark.req("ORD-005", "BAL-01")


@pytest.fixture
def case(books: None) -> Case:
    return Case()


def taken(case: Case, wanted: int, count: int = 2, *, accepted: int = 99) -> uuid.UUID:
    """Asked for, agreed to, received and looked at."""
    asked = case.ask({case.line: count}, kind=ReturnKind.EXCHANGE, variants={case.line: wanted})
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked, accepted=accepted)
    return asked


def ship(case: Case, asked: uuid.UUID) -> bool:
    carrier, number = case.send_out()
    return atomically(
        lambda s: send_replacement(
            s, return_id=asked, carrier=carrier, number=number, actor=case.sam.actor, now=clock.now()
        )
    )


def pay(
    case: Case, asked: uuid.UUID, method: str = "deposit", *, by: Person | None = None, key: str | None = None
) -> Begun | None:
    wish = ExchangePaymentWish(
        key=key or new_token(),
        means=Means(method, "tok_visa", None, None),
        locale="en",
        return_url="http://127.0.0.1/{payment_id}",
    )
    return atomically(
        lambda s: pay_exchange(
            s,
            actor=(by or case.bea).actor,
            return_id=asked,
            channel=case.order.channel,
            wish=wish,
            key_lifetime=timedelta(hours=24),
            now=clock.now(),
        )
    )


def money_comes(begun: Begun | None, amount: int, currency: str) -> None:
    """A worker asks the gateway, which has taken it."""
    assert begun is not None
    assert begun.attempt_id is not None
    attempt_id = begun.attempt_id
    atomically(lambda s: claim_attempt(s, attempt_id=attempt_id, worker="tests", now=clock.now()))
    said = Approved(gateway_ref=f"p_{attempt_id.hex}", captured=True, amount_minor=amount, currency=currency, card=None)
    atomically(lambda s: settle_attempt(s, attempt_id=attempt_id, outcome=said, actor=SYSTEM, now=clock.now()))


def work_off() -> None:
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])


def later(at: datetime) -> None:
    with clock.frozen(at):
        end_unpaid_exchanges()


def test_what_costs_more_goes_out_once_it_is_paid_and_comes_back_with_a_later_refund(case: Case) -> None:
    wanted = option_of(case.mall, case.variant, krw=15_000)
    shelf = case.on_hand()
    asked = taken(case, wanted, 2)
    assert rows("SELECT more_minor::int, more_tax_minor::int FROM return_unit") == [(3_000, 0)] * 2
    assert case.on_hand() == shelf  # What came is not sold before it is certain that it stays.
    with pytest.raises(ExchangeUnpaidError):
        ship(case, asked)
    with pytest.raises(BalanceTooLowError):
        pay(case, asked)
    give_deposit(case.bea, 10_000)
    with pytest.raises(ReturnUnknownError):
        pay(case, asked, by=case.sam)
    key = new_token()
    for _ in range(2):
        assert pay(case, asked, key=key) is None
    with pytest.raises(NothingMoreToPayError):
        pay(case, asked)
    assert (balance("deposit"), balance("seller_payable"), balance("commission")) == (4_000, 5_400, 600)
    later(clock.now() + PAY_WITHIN)
    assert status_of_return(asked) == "inspected"
    assert ship(case, asked)
    assert (status_of_return(asked), case.on_hand()) == ("settled", shelf + 2)
    # One of three was never exchanged: it goes back first, then those whose difference was paid.
    assert give_back(case.order, {case.line: 1}, case.ada) == 12_000
    work_off()
    assert balance("deposit") == 4_000
    assert give_back(case.order, {case.line: 1}, case.ada) == 12_000
    for _ in range(2):
        work_off()
        with transaction() as session:
            session.execute(text("UPDATE outbox_event SET handled_at = NULL WHERE kind = 'refund.approved'"))
    work_off()
    assert (balance("deposit"), balance("seller_payable"), balance("commission")) == (7_000, 2_700, 300)


def test_who_does_not_pay_in_time_or_wants_his_money_has_it_back(case: Case) -> None:
    wanted = option_of(case.mall, case.variant, krw=15_000)
    there, shelf = case.on_hand(wanted), case.on_hand()
    first, second = taken(case, wanted, 2), taken(case, wanted, 1)
    assert case.on_hand(wanted) == there - 3
    late = pay(case, first, "credit_card")
    later(clock.now() + PAY_WITHIN - timedelta(seconds=1))
    assert rows("SELECT count(*) FROM refund") == [(0,)]
    over = clock.now() + PAY_WITHIN + timedelta(hours=1)
    later(over)
    work_off()
    refunds = rows("SELECT total_minor, status FROM refund ORDER BY total_minor")
    assert [total for total, _ in refunds] == [12_000, 24_000]
    for asked in (first, second):
        [(refund_id,)] = rows("SELECT refund_id FROM goods_return WHERE id = :id", id=asked)
        with clock.frozen(over):
            assert answer_legs(refund_id) == "succeeded"
        assert status_of_return(asked) == "settled"
    assert (case.on_hand(wanted), case.on_hand()) == (there, shelf + 3)
    money_comes(late, 6_000, "KRW")  # Too late: it goes back, and nothing is booked.
    assert rows("SELECT reversal FROM payment_attempt WHERE payment_id = :id", id=late and late.payment_id) == [
        ("wanted",)
    ]
    with pytest.raises(NotWaitingForPaymentError):
        atomically(lambda s: take_money_instead(s, return_id=first, actor=case.bea.actor, now=clock.now()))


@pytest.mark.req("ORD-13", "CPN-15")
def test_the_difference_bears_tax_and_commission_and_no_discount(books: None) -> None:
    mall = make_mall()
    case = Case(mall)
    make_coupon(percent=15)
    variant = make_variant(mall, usd=1_001)
    order = make_order(case.bea, mall, {variant: 2}, channel=mall.us, codes=["AUTUMN10"], address=ADDRESS_US)
    case.order, case.part_id, case.line = order, order.part_ids[0], lines_of(order)[0]
    case.arrive(send(case.part_id, case.sam).shipment_id)
    asked = taken(case, option_of(mall, variant, usd=1_334), 2, accepted=1)
    [(rate, is_inclusive)] = rows("SELECT tax_rate, tax_inclusive FROM order_line WHERE id = :id", id=case.line)
    assert not is_inclusive
    tax = round(333 * float(rate))
    assert rows("SELECT more_minor::int, more_tax_minor::int FROM return_unit WHERE state = 'accepted'") == [
        (333 + tax, tax)
    ]
    money_comes(pay(case, asked, "credit_card"), 333 + tax, "USD")
    assert balance("tax_payable") == tax > 0
    assert balance("commission") == round(333 * 0.1)
    assert balance("seller_payable") == 333 - round(333 * 0.1)
    assert ship(case, asked)


@pytest.mark.req("REF-02")
def test_other_goods_of_the_store_can_be_had_and_small_differences_count_together(case: Case) -> None:
    stranger = make_variant(case.mall, store=1, krw=12_000)
    with pytest.raises(PortalError) as other_store:
        case.ask({case.line: 1}, kind=ReturnKind.EXCHANGE, variants={case.line: stranger})
    assert other_store.value.code == "exchange_option"
    with transaction() as session:
        session.execute(text("INSERT INTO refund_rule (approve_above) VALUES ('{\"KRW\": 8000}')"))
    other = case.other  # Another product, at 5,000 instead of 12,000.
    case.ask({case.line: 1}, kind=ReturnKind.EXCHANGE, variants={case.line: other})
    with pytest.raises(PortalError) as together:
        case.ask({case.line: 1}, kind=ReturnKind.EXCHANGE, variants={case.line: other})
    assert together.value.code == "EXCHANGE_DIFFERENCE_TOO_LARGE"
    dearer = option_of(case.mall, case.other, krw=6_000)
    with pytest.raises(PortalError) as mixed:
        case.ask(
            {case.line: 1, case.line2: 1},
            kind=ReturnKind.EXCHANGE,
            variants={case.line: option_of(case.mall, case.variant, krw=11_000), case.line2: dearer},
        )
    assert mixed.value.code == "EXCHANGE_MIXED"


def test_somebody_else_neither_pays_nor_turns_it(case: Case) -> None:
    asked = taken(case, option_of(case.mall, case.variant, krw=15_000), 1)
    max_ = make_person("max")
    with pytest.raises(ReturnUnknownError):
        pay(case, asked, by=max_)
    with pytest.raises(ReturnUnknownError):
        atomically(lambda s: take_money_instead(s, return_id=asked, actor=max_.actor, now=clock.now()))


def test_many_tabs_pay_once_and_a_card_that_comes_after_goes_back(case: Case) -> None:
    asked = taken(case, option_of(case.mall, case.variant, krw=15_000), 2)
    give_deposit(case.bea, 30_000)
    card = pay(case, asked, "credit_card")

    def click(_n: int) -> str:
        try:
            return str(pay(case, asked))
        except NothingMoreToPayError as refused:
            return refused.code

    with ThreadPoolExecutor(6) as tabs:
        said = Counter(tabs.map(click, range(6)))
    assert said == {"None": 1, "exchange_nothing_to_pay": 5}
    money_comes(card, 6_000, "KRW")
    assert rows("SELECT reversal FROM payment_attempt WHERE payment_id = :id", id=card and card.payment_id) == [
        ("wanted",)
    ]
    assert balance("deposit") == 24_000
    assert rows("SELECT count(*) FROM ledger_entry WHERE kind = 'exchange_paid'") == [(1,)]


def test_the_pages_say_what_it_costs_and_take_it(app: APIFlask, case: Case) -> None:
    wanted = option_of(case.mall, case.variant, krw=15_000)
    bea, sam = browser(app, case.bea), browser(app, case.sam)
    asked_for = f"kind=exchange&units-{case.line}=2&variant-{case.line}={wanted}&reason=changed_mind"
    form = tree(bea.get(f"/orders/{case.order.number}/returns/new?{asked_for}").text)
    assert "It costs ₩6,000 more." in text_of(by_id(form, "return-plan"))
    give_deposit(case.bea, 10_000)
    asked = taken(case, wanted, 2)
    [(code,)] = rows("SELECT number FROM goods_return")
    assert "has until" in sam.get(f"/seller/returns/{asked}").text
    assert "/replacement" not in sam.get(f"/seller/returns/{asked}").text
    page = bea.get(f"/returns/{code}").text
    assert "₩6,000 more" in page
    assert 'name="method"' in bea.get(f"/returns/{code}?pay=1").text
    answer = bea.post(f"/returns/{code}/payments", data=fields(page) | {"method": "deposit"})
    assert (answer.status_code, answer.location) == (303, f"/returns/{code}")
    assert "The store sends you what you get instead." in bea.get(answer.location).text
    assert "/replacement" in sam.get(f"/seller/returns/{asked}").text
    work_off()
    assert ("return_paid",) in rows("SELECT kind FROM notice")
