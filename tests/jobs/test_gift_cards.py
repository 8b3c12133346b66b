"""Gift cards: bought, sent, redeemed once, spent, given back as far as nobody has spent them (BAL-09)."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import atomically, reading
from portal.jobs.schedule import expire_gift_cards
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_token
from portal.models import GiftCard
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.buy_gift_card import GiftCardWish, buy_gift_card
from portal.services.checkout.cancel_payment import cancel_payment
from portal.services.checkout.means import Means
from portal.services.checkout.place_order import Placed
from portal.services.gift_cards.end_card import (
    GiftCardOverError,
    GiftCardReasonError,
    GiftCardUnknownError,
    give_card_back,
    void_card,
)
from portal.services.gift_cards.redeem_card import GiftCodeUnusableError, redeem_card
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant
from tests.factories.order import LONG_AGO
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.factories.top_up import deposit_of, work_off_events
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask
from tests.jobs.test_top_ups import approved, sent, tell

pytestmark = pytest.mark.req("BAL-09")
WORTH = 50_000


@pytest.fixture
def max_(world: World) -> Person:
    """Who gets the card."""
    assert world.bea
    return make_person("max", now=LONG_AGO)


def buy(world: World, amount: int = WORTH, *, recipient: str = "max@example.com", key: str | None = None) -> Begun:
    wish = GiftCardWish(
        key=key or new_token(),
        amount_minor=amount,
        recipient=recipient,
        sender="Bea",
        message="생일 축하해!",
        means=Means("bank_transfer"),
        locale="en",
        return_url="http://127.0.0.1/{payment_id}",
    )
    now, actor = clock.now(), world.bea.actor
    begun = atomically(
        lambda s: buy_gift_card(
            s, actor=actor, channel=world.mall.kr, wish=wish, key_lifetime=timedelta(hours=24), now=now
        )
    )
    assert isinstance(begun, Begun)
    return begun


def bought(world: World) -> uuid.UUID:
    """A card that is paid and sent; returns its id."""
    begun = buy(world)
    tell(sent(begun), approved(str(begun.payment_id), WORTH))
    tell(begun, approved(str(begun.payment_id), WORTH))
    work_off_events()
    found: uuid.UUID = rows("SELECT id FROM gift_card WHERE payment_id = :id", id=begun.payment_id)[0][0]
    return found


def code_of(card_id: uuid.UUID) -> str:
    with reading() as session:
        code = session.execute(select(GiftCard.code).where(GiftCard.id == card_id)).scalar_one()
    assert code is not None
    return code


def redeem(person: Person, code: str) -> int:
    now = clock.now()
    return atomically(lambda s: redeem_card(s, actor=person.actor, typed=code, now=now)).amount_minor


def give_back(card_id: uuid.UUID, by: Person, reason: str = "") -> int:
    now = clock.now()
    return atomically(lambda s: give_card_back(s, card_id=card_id, reason=reason, actor=by.actor, now=now)).minor


def gift_of(person: Person) -> int:
    found = rows(
        "SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger_account WHERE kind = 'gift' AND owner = :owner",
        owner=f"user:{person.id}",
    )
    return int(found[0][0])


def test_a_card_is_sent_redeemed_once_and_its_code_is_nowhere_in_clear(
    app: APIFlask, world: World, max_: Person
) -> None:
    card_id = bought(world)
    code = code_of(card_id)
    assert rows("SELECT template FROM mail WHERE template = 'gift_card'") == [("gift_card",)]
    for table in ("gift_card", "outbox_event", "audit_row", "notice", "transition", "mail"):
        assert rows(f"SELECT count(*)::int FROM {table} t WHERE t::text LIKE '%{code}%'") == [(0,)]  # noqa: S608  # Names of this file.
    barrier = threading.Barrier(4)

    def one(person: Person) -> int:
        barrier.wait()
        try:
            return redeem(person, f" {code[:4].lower()}-{code[4:]} ")
        except GiftCodeUnusableError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, [max_] * 4)) == [0, 0, 0, WORTH]
    assert gift_of(max_) == WORTH
    assert rows("SELECT state, code, code_index FROM gift_card") == [("redeemed", None, None)]
    assert "₩50,000" in browser(app, max_).get("/kr/account/gift-cards").text


def test_the_balance_covers_an_order_by_itself_and_goes_back_to_it(world: World, max_: Person) -> None:
    card_id = bought(world)
    redeem(max_, code_of(card_id))
    placed = ready_to_buy(max_, world.mall.kr, {make_variant(world.mall, krw=17_000): 1})()
    assert isinstance(placed, Placed)
    assert rows("SELECT type, captured_minor FROM tender") == [("gift", 20_000)]
    assert gift_of(max_) == 30_000
    # Hard case 13: refunding the purchase takes back what is not spent, and no more.
    ada = make_person("ada", roles=("admin",), now=LONG_AGO)
    with pytest.raises(GiftCardOverError):
        give_back(card_id, world.bea)
    with pytest.raises(GiftCardReasonError):
        give_back(card_id, ada)
    assert give_back(card_id, ada, "Bought by mistake.") == 30_000
    with pytest.raises(GiftCardOverError):
        give_back(card_id, ada, "Again.")
    assert (gift_of(max_), deposit_of(world.bea)) == (0, 30_000)
    # And refunding the order gives the balance back, not cash.
    ask(World(world.sandbox, world.mall, max_), placed)
    assert (gift_of(max_), deposit_of(max_)) == (20_000, 0)


def test_its_buyer_gives_it_back_while_nobody_has_redeemed_it(world: World, max_: Person) -> None:
    card_id = bought(world)
    code = code_of(card_id)
    with pytest.raises(GiftCardUnknownError):
        give_back(card_id, max_)
    assert give_back(card_id, world.bea) == WORTH
    with pytest.raises(GiftCardOverError):
        give_back(card_id, world.bea)
    with pytest.raises(GiftCodeUnusableError):
        redeem(max_, code)
    assert (deposit_of(world.bea), gift_of(max_)) == (WORTH, 0)


def test_void_and_expired_cards_cannot_be_redeemed(app: APIFlask, world: World, max_: Person) -> None:
    ada, now = make_person("ada", roles=("admin",), now=LONG_AGO), clock.now()
    first, second = bought(world), bought(world)
    codes = [code_of(first), code_of(second)]
    with pytest.raises(GiftCardReasonError):
        atomically(lambda s: void_card(s, card_id=first, reason=" ", actor=ada.actor, now=now))
    with pytest.raises(GiftCardUnknownError):
        atomically(lambda s: void_card(s, card_id=first, reason="No.", actor=max_.actor, now=now))
    assert browser(app, ada).get(f"/admin/gift-cards/{first}").status_code == 200
    atomically(lambda s: void_card(s, card_id=first, reason="Stolen card.", actor=ada.actor, now=now))
    with clock.frozen(now + timedelta(days=5 * 365 + 3)):
        expire_gift_cards()
        expire_gift_cards()
    assert rows("SELECT state FROM gift_card ORDER BY created_at") == [("void",), ("expired",)]
    for code in codes:
        with pytest.raises(GiftCodeUnusableError):
            redeem(max_, code)
    work_off_events()


def test_one_that_is_not_paid_never_was(world: World, max_: Person) -> None:
    begun, now, actor = buy(world), clock.now(), world.bea.actor
    atomically(lambda s: cancel_payment(s, actor=actor, payment_id=begun.payment_id, now=now))
    tell(begun, approved(amount=WORTH))
    assert rows("SELECT state, code FROM gift_card") == [("void", None)]
    assert rows("SELECT reversal FROM payment_attempt") == [("wanted",)]


def test_what_cannot_be_bought_says_why_and_one_submission_is_one_card(world: World, max_: Person) -> None:
    for amount in (0, 4_999, 500_001):
        with pytest.raises(RejectedError):
            buy(world, amount)
    with pytest.raises(PortalError):
        buy(world, recipient="not an address")
    key = new_token()
    assert buy(world, key=key).payment_id == buy(world, key=key).payment_id
    assert rows("SELECT count(*)::int FROM gift_card") == [(1,)]


@pytest.mark.req("FRD-05")
def test_whoever_guesses_codes_is_told_the_same_and_soon_to_wait(app: APIFlask, world: World, max_: Person) -> None:
    as_max = browser(app, max_)
    token = fields(as_max.get("/account/gift-cards").text)["csrf_token"]
    path = "/account/gift-cards/redemptions"
    answers = [as_max.post(path, data={"code": f"WRONG{n}", "csrf_token": token}) for n in range(9)]
    assert [one.status_code for one in answers] == [422] * 8 + [429]
    assert all("This code cannot be redeemed." in one.text for one in answers[:8])
