"""Returns for tests: an order that was sent and has arrived, asked back, and taken through its steps.

case = Case()
asked = case.ask({line: 2})
case.approve(asked)
case.receive(asked)
case.inspect(asked, accepted=1)
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from portal.db import atomically
from portal.documents.attachments import Attachment
from portal.gateways.carriers.base import CarrierEvent, TrackingReport
from portal.kit import clock
from portal.kit.ids import new_token
from portal.kit.tracking import TrackedKind
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.rules.returns import Condition, ReturnKind, Verdict
from portal.services.fulfilment.take_report import apply_events
from portal.services.returns.decide_return import approve_return
from portal.services.returns.inspect_return import inspect_return
from portal.services.returns.receive_return import receive_return
from portal.services.returns.request_return import ReturnRequest, request_return
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.parcel import new_tracking_number, send
from tests.factories.refund import lines_of, rows


class Case:
    """Bea's order of one store: three of a thing, one of another; sent, and arrived."""

    def __init__(self, mall: Mall | None = None, *, arrived: bool = True, sent: bool = True) -> None:
        self.mall = mall or make_mall()
        self.bea = make_person("bea")
        self.sam = make_person("sam", roles=("buyer", "seller"), store_ids=(self.mall.store_ids[0],))
        self.ada = make_person("ada", roles=("buyer", "admin"))
        self.variant, self.other = make_variant(self.mall, krw=12_000), make_variant(self.mall, krw=5_000)
        self.order = make_order(self.bea, self.mall, {self.variant: 3, self.other: 1})
        self.part_id = self.order.part_ids[0]
        self.line, self.line2 = lines_of(self.order)
        self.shipment_id = send(self.part_id, self.sam).shipment_id if sent else None
        if sent and arrived:
            self.arrive(self.shipment_id)

    def arrive(self, shipment_id: uuid.UUID | None) -> None:
        assert shipment_id is not None
        carrier, number = rows("SELECT carrier, tracking_number FROM shipment WHERE id = :id", id=shipment_id)[0]
        now = clock.now()
        event = CarrierEvent(f"e{shipment_id}", TrackedKind.DELIVERED, now, "")
        report = TrackingReport(carrier, number, (event,))
        atomically(
            lambda s: apply_events(s, self.order.id, shipment_id, report, told_by="trackhub", actor=SYSTEM, now=now)
        )

    def ask(
        self,
        units: Mapping[uuid.UUID, int],
        *,
        kind: ReturnKind = ReturnKind.RETURN,
        reason: str = "changed_mind",
        by: Person | None = None,
        party: Party = Party.BUYER,
        key: str | None = None,
        pictures: Sequence[Attachment] = (),
        **more: Any,
    ) -> uuid.UUID:
        request = ReturnRequest(key=key or new_token(), kind=kind, units=units, reason=reason, **more)
        return atomically(
            lambda s: request_return(
                s,
                actor=(by or self.bea).actor,
                party=party,
                order_id=self.order.id,
                request=request,
                pictures=pictures,
                now=clock.now(),
            )
        ).return_id

    def approve(self, return_id: uuid.UUID, by: Person | None = None) -> bool:
        return atomically(
            lambda s: approve_return(
                s,
                return_id=return_id,
                actor=(by or self.sam).actor,
                now=clock.now(),
                return_to="12 Store Street, Seoul",
            )
        )

    def receive(self, return_id: uuid.UUID, units: Mapping[uuid.UUID, int] | None = None) -> bool:
        return atomically(
            lambda s: receive_return(s, return_id=return_id, units=units, actor=self.sam.actor, now=clock.now())
        )

    def inspect(
        self,
        return_id: uuid.UUID,
        *,
        accepted: int = 99,
        condition: Condition = Condition.NEW,
        restock: bool = True,
        note: str = "It was worn.",
    ) -> bool:
        units = [
            row[0]
            for row in rows(
                "SELECT id FROM return_unit WHERE return_id = :id AND state = 'received' ORDER BY line_id, n",
                id=return_id,
            )
        ]
        verdicts = {
            one: Verdict(n < accepted, condition if n < accepted else None, restock) for n, one in enumerate(units)
        }
        return atomically(
            lambda s: inspect_return(
                s, return_id=return_id, verdicts=verdicts, note=note, actor=self.sam.actor, now=clock.now()
            )
        )

    def send_out(self) -> tuple[str, str]:
        """A carrier and a new number of its."""
        return "cj", new_tracking_number()

    def part(self) -> str:
        return str(rows("SELECT status FROM order_part WHERE id = :id", id=self.part_id)[0][0])

    def on_hand(self, variant_id: int | None = None) -> int:
        return int(rows("SELECT on_hand FROM stock WHERE variant_id = :id", id=variant_id or self.variant)[0][0])


def status_of_return(return_id: uuid.UUID) -> str:
    return str(rows("SELECT status FROM goods_return WHERE id = :id", id=return_id)[0][0])


def units_of(return_id: uuid.UUID) -> list[str]:
    query = "SELECT state FROM return_unit WHERE return_id = :id ORDER BY line_id, n"
    return [row[0] for row in rows(query, id=return_id)]
