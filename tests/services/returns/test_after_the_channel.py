"""What is on its way back goes on to its end when the channel of its order is closed (CHN-02, ORD-005)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.queries.channels import forget_channels
from portal.rules.returns import ReturnKind
from portal.services.returns.settle_return import settle_claim
from portal.services.winding_up.wind_up_channel import wind_up_channel
from tests.blueprints.api.conftest import Api, make_key
from tests.blueprints.desks import browser
from tests.factories.refund import answer_legs, rows
from tests.factories.returns import Case, status_of_return

pytestmark = pytest.mark.req("CHN-02", "ORD-005")


def close(case: Case) -> None:
    """Wind the channel of the case's order up, with the other one as its successor, and take it off."""
    kr, us = case.mall.kr, case.mall.us
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'offboarding' WHERE id = :id"), {"id": kr.id})
    ask: dict[str, Any] = {
        "channel_id": kr.id,
        "version": 1,
        "locale": "en",
        "actor": case.ada.actor,
        "now": clock.now(),
    }
    atomically(lambda s: wind_up_channel(s, successor_id=us.id, **ask))
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'closed' WHERE id = :id"), {"id": kr.id})
    forget_channels()


def test_returns_and_claims_are_followed_at_the_successor_and_worked_to_their_end(app: APIFlask, books: None) -> None:
    case = Case()
    back = case.ask({case.line: 1})
    claim = case.ask({case.line2: 1}, kind=ReturnKind.CLAIM, reason="damaged", shipment_id=case.shipment_id)
    close(case)
    assert rows("SELECT handed ->> 'returns', handed ->> 'claims' FROM channel_wind_up") == [("1", "1")]
    number = rows("SELECT number FROM goods_return WHERE id = :id", id=back)[0][0]
    buyer, store = browser(app, case.bea), browser(app, case.sam)
    led = buyer.get(f"/kr/returns/{number}")
    assert (led.status_code, led.headers["Location"]) == (308, f"/us/returns/{number}")
    assert buyer.get(f"/us/returns/{number}").status_code == 200
    program = Api(app.test_client(use_cookies=False), make_key(case.bea, case.mall.us))
    assert {one["number"] for one in program.read("/returns")["items"]} >= {number}
    assert store.get(f"/seller/returns/{claim}").status_code == 200

    case.approve(back)
    sent = program.post(f"/returns/{number}/shipment", {"carrier": "cj", "tracking_number": "688012345678"})
    assert sent.status_code == 200
    assert program.get(f"/returns/{number}/label").status_code == 200
    case.receive(back)
    case.inspect(back)
    settled: dict[str, Any] = {
        "carrier_liable": True,
        "note": "Told the carrier.",
        "actor": case.sam.actor,
        "now": clock.now(),
    }
    atomically(lambda s: settle_claim(s, return_id=claim, outcome="refund", **settled))
    for (refund_id,) in rows("SELECT id FROM refund"):
        answer_legs(refund_id)
    assert rows("SELECT status FROM refund") == [("succeeded",), ("succeeded",)]
    assert {status_of_return(one) for one in (back, claim)} == {"settled"}
