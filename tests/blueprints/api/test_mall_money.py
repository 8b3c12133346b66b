"""The mall's programs read everybody's payments and decide about withdrawals, payouts and gift cards (API-01)."""

from __future__ import annotations

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import Api, World, data, make_key
from tests.blueprints.api.test_gift_cards import BODY as CARD
from tests.blueprints.api.test_gift_cards import paid
from tests.blueprints.api.test_withdrawals import BODY as WITHDRAWAL
from tests.factories.account import Person, make_person
from tests.factories.bank import give_bank
from tests.factories.order import give_deposit, make_order
from tests.services.fraud.rules import make_reviewer, place, write
from tests.services.payouts.test_payouts import close_month, close_part

pytestmark = pytest.mark.req("API-01", "IDN-02")


def key_of(world: World, person: Person, *permissions: Permission) -> Api:
    return Api(world.api.client, make_key(person, world.mall.kr, *permissions))


@pytest.fixture
def finance(world: World) -> Api:
    return key_of(world, make_person("fay", roles=("buyer", "finance")))


@pytest.mark.req("PAY-13")
def test_everybodys_payments_are_found_by_what_they_are(world: World, finance: Api) -> None:
    done, failed = (
        make_order(world.bea, world.mall, {world.bowl: 1}, outcome=outcome) for outcome in ("captured", "declined")
    )

    def found(query: str) -> list[str]:
        return [one["order_number"] for one in finance.read(f"/mall/payments?{query}")["items"]]

    assert found("") == [failed.number, done.number]
    assert found("status=captured&channel=kr&method=credit_card") == [done.number]
    assert found("sort=created") == [done.number, failed.number]
    assert found(f"q={failed.number}") == [failed.number]
    assert found(f"q={done.gateway_ref}") == [done.number]
    assert found("channel=us") == []
    assert found("created_from=2200-01-01T00:00:00Z") == []
    first = finance.read("/mall/payments?limit=1")
    assert found(f"limit=1&cursor={first['next_cursor']}") == [done.number]
    nowhere = finance.get("/mall/payments?channel=moon")
    assert (nowhere.status_code, data(nowhere)["code"]) == (422, "channel_unknown")
    path = f"/mall/payments/{done.payment_id}"
    (attempt,) = finance.read(path)["attempts"]
    assert (attempt["state"], attempt["gateway_transaction_id"]) == ("captured", done.gateway_ref)
    assert [world.api.get("/mall/payments").status_code, world.api.get(path).status_code] == [403, 403]


@pytest.mark.req("REF-08")
def test_a_withdrawal_is_approved_and_paid_or_refused_by_the_mall_alone(world: World, finance: Api) -> None:
    rita = make_reviewer()
    write(rita, 'event = "withdrawal"', mode="review")
    place(rita, 1)
    give_deposit(world.bea, 50_000)
    first, second = (
        data(world.api.post("/withdrawals", WITHDRAWAL | {"amount_minor": amount}, Idempotency_Key=str(amount)))["id"]
        for amount in (20_000, 10_000)
    )
    path, other = f"/mall/withdrawals/{first}", f"/mall/withdrawals/{second}"
    assert [one["id"] for one in finance.read("/mall/withdrawals")["items"]] == [second, first]
    assert [one.post(f"{path}/approval").status_code for one in (world.api, world.stranger)] == [403, 403]
    early = finance.post(f"{path}/payment", {"reference": "T1"})
    assert (early.status_code, data(early)["code"]) == (409, "withdrawal_decided")
    approved = data(finance.post(f"{path}/approval"))
    assert (approved["status"], approved["to_pay"]["amount"]["amount_minor"]) == ("approved", 20_000)
    assert approved["to_pay"]["holder"] == WITHDRAWAL["bank"]["holder"]  # type: ignore[index]  # A dict.
    assert data(finance.post(f"{path}/payment", {"reference": "T1"}))["status"] == "paid"
    assert finance.post(f"{path}/payment", {"reference": "T1"}).status_code == 409
    assert finance.post(f"{other}/refusal", {"reason": " "}).status_code == 422
    refused = data(finance.post(f"{other}/refusal", {"reason": "Not her account"}))
    assert (refused["status"], refused["reason"]) == ("refused", "Not her account")
    assert world.api.read("/balances/deposit/KRW")["usable"]["amount_minor"] == 30_000
    assert finance.read("/mall/withdrawals")["items"] == []
    assert len(finance.read("/mall/withdrawals?view=all")["items"]) == 2


@pytest.mark.req("BAL-13")
def test_a_payout_is_held_approved_and_paid(world: World, finance: Api) -> None:
    give_bank(*world.mall.store_ids)
    close_part(make_order(world.bea, world.mall, {world.bowl: 2}))
    close_month()
    (listed,) = finance.read("/mall/payouts?state=waiting")["items"]
    path = f"/mall/payouts/{listed['id']}"
    held = data(finance.post(f"{path}/hold", {"reason": "Asked the store"}))
    assert (held["status"], held["holds"], held["note"]) == ("held", ["by_hand"], "Asked the store")
    assert data(finance.post(f"{path}/approval"))["status"] == "approved"
    done = data(finance.post(f"{path}/payment", {"reference": "T2"}))
    assert (done["status"], done["reference"], done["amount"]) == ("paid", "T2", listed["amount"])
    late = finance.post(f"{path}/hold", {"reason": "Too late"})
    assert (late.status_code, data(late)["code"]) == (409, "payout_decided")
    seller = key_of(world, make_person("sam", store_ids=world.mall.store_ids))
    assert [seller.get("/mall/payouts").status_code, seller.post(f"{path}/approval").status_code] == [403, 403]
    reader = key_of(world, make_person("otto", roles=("auditor",)))
    assert [reader.get(path).status_code, reader.post(f"{path}/approval").status_code] == [200, 403]


@pytest.mark.req("BAL-09")
def test_gift_cards_are_listed_without_codes_ended_and_given_back(world: World, finance: Api) -> None:
    for number in range(2):
        made = data(world.api.post("/gift-cards", CARD, Idempotency_Key=str(number)))
        code = paid(made["payment_id"])[1]
        assert code not in finance.get("/mall/gift-cards").text
    newer, older = finance.read("/mall/gift-cards?state=active")["items"]
    path = f"/mall/gift-cards/{older['id']}"
    assert world.api.post(f"{path}/end", {"reason": "Mine"}).status_code == 403
    ended = data(finance.post(f"{path}/end", {"reason": "Bought with a stolen card"}))
    assert (ended["status"], ended["reason"]) == ("void", "Bought with a stolen card")
    over = finance.post(f"{path}/end", {"reason": "Again"})
    assert (over.status_code, data(over)["code"]) == (409, "gift_card_over")
    back = data(finance.post(f"/mall/gift-cards/{newer['id']}/return", {"reason": "She asked"}))
    assert (back["status"], back["given_back"]["amount_minor"]) == ("given_back", 30_000)
    assert finance.read("/mall/gift-cards?state=active")["items"] == []
