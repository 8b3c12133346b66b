"""Which gateway takes a payment, and what is said of the others (PAY-04, CAT-05)."""

from dataclasses import replace
from typing import Any

import pytest

from portal.kit.money import Money
from portal.rules.health import Health
from portal.rules.routing import GatewayAccount, MethodRange, RouteRequest, methods, route

KR = GatewayAccount(
    1,
    "Seoul",
    "redirect",
    (MethodRange("card", "KRW", 100, 5_000_000), MethodRange("transfer", "KRW", 1_000)),
    priority=10,
    channel_ids=frozenset({1}),
    countries=frozenset({"KR"}),
)
WORLD = GatewayAccount(2, "World", "stripe", (MethodRange("card", "KRW"), MethodRange("card", "USD")), priority=20)
ASKED = RouteRequest(channel_id=1, method="card", amount=Money(30_269, "KRW"), country="KR")


@pytest.mark.req("PAY-04")
def test_the_first_by_priority_takes_it_and_the_others_stand_behind() -> None:
    made = route(ASKED, [WORLD, KR])
    assert made.account_ids == (1, 2)
    assert made.first == 1
    assert made.refusal is None
    assert [(one.name, one.is_kept) for one in made.considered] == [("Seoul", True), ("World", True)]


@pytest.mark.req("PAY-04", "PAY-06")
@pytest.mark.parametrize(
    ("account", "request_", "code"),
    [
        ({"is_on": False}, {}, "GATEWAY_OFF"),
        ({}, {"channel_id": 2}, "WRONG_CHANNEL"),
        ({}, {"method": "wallet"}, "METHOD_NOT_OFFERED"),
        ({}, {"country": "US"}, "WRONG_COUNTRY"),
        ({}, {"amount": Money(500, "USD")}, "WRONG_CURRENCY"),
        ({}, {"amount": Money(99, "KRW")}, "AMOUNT_TOO_SMALL"),
        ({}, {"amount": Money(100, "KRW")}, None),
        ({}, {"amount": Money(5_000_000, "KRW")}, None),
        ({}, {"amount": Money(5_000_001, "KRW")}, "AMOUNT_TOO_LARGE"),
        ({}, {"tried": frozenset({1})}, "GATEWAY_TRIED"),
        ({"health": Health.OPEN}, {}, "GATEWAY_DOWN"),
        ({"health": Health.HALF_OPEN}, {}, None),
        ({}, {"country": None}, None),
    ],
)
def test_each_reason_to_drop_an_account_is_kept(
    account: dict[str, Any], request_: dict[str, Any], code: str | None
) -> None:
    made = route(replace(ASKED, **request_), [replace(KR, **account)])
    (one,) = made.considered
    assert (one.dropped and one.dropped.code) == code
    assert made.first == (None if code else 1)
    assert (made.refusal and made.refusal.code) == code
    assert made.refusal is None or str(made.refusal)


def test_a_half_open_account_waits_behind_the_healthy() -> None:
    assert route(ASKED, [replace(KR, health=Health.HALF_OPEN), WORLD]).account_ids == (2, 1)


def test_the_buyer_hears_the_reason_that_came_nearest() -> None:
    made = route(replace(ASKED, amount=Money(99, "KRW")), [KR, replace(WORLD, is_on=False)])
    assert made.refusal is not None
    assert made.refusal.code == "AMOUNT_TOO_SMALL"
    nobody = route(ASKED, []).refusal
    assert nobody is not None
    assert nobody.code == "METHOD_NOT_OFFERED"


@pytest.mark.req("CAT-05")
def test_methods_that_cannot_be_used_are_named_with_the_reason() -> None:
    offered = methods(replace(ASKED, amount=Money(500, "KRW")), [WORLD, KR])
    assert {name: way.refusal and way.refusal.code for name, way in offered.items()} == {
        "card": None,
        "transfer": "AMOUNT_TOO_SMALL",
    }
    assert list(offered) == ["card", "transfer"]
