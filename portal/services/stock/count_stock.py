"""People say what is on hand, what is kept back and when to be warned: several goods at once, all or none (ORD-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor, Permission
from portal.rules.stock import NOTE_MAX, ON_HAND_MAX, Known, Reason, Wanted
from portal.services.audit import AuditAction, Fact, record
from portal.services.catalogue.errors import StockInvalidError, StockReservedError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.set_stock import set_stocks


class StockChangedError(PortalError):
    """Since the page was opened something was sold or counted. `variants` are those concerned."""

    code = "stock_changed"
    status = 409
    sentence = N_("Meanwhile the stock of %(count)s goods was changed by a sale or by a colleague.")

    def __init__(self, variants: Sequence[int]) -> None:
        super().__init__(count=len(variants))
        self.variants = tuple(variants)


class StockReasonError(PortalError):
    code = "stock_reason"
    sentence = N_("Choose why the stock changes: it stands in the record.")


@dataclass(frozen=True, slots=True)
class Count:
    """One variant as it is wanted. `version` is that of the row which was looked at; None where nobody looked."""

    variant_id: int
    wanted: Wanted
    version: int | None


_STORES = text("SELECT v.id, p.store_id FROM variant v JOIN product p ON p.id = v.product_id WHERE v.id = ANY(:ids)")
_MAKE = text(
    "INSERT INTO stock (variant_id, place, on_hand, initial) "
    "SELECT id, 'main', 0, 0 FROM unnest(CAST(:ids AS bigint[])) AS t(id) ORDER BY id ON CONFLICT DO NOTHING"
)
_LOCK = text(
    """
    SELECT variant_id, on_hand, reserved, safety, alert_at, version FROM stock
     WHERE variant_id = ANY(:ids) AND place = 'main' ORDER BY variant_id FOR UPDATE
    """
)
_SET = text(
    """
    UPDATE stock SET safety = t.safety, alert_at = t.alert_at, version = version + 1
      FROM unnest(CAST(:ids AS bigint[]), CAST(:safeties AS integer[]), CAST(:alerts AS integer[]))
           AS t(id, safety, alert_at)
     WHERE stock.variant_id = t.id AND stock.place = 'main'
    """
)


def count_stock(
    session: Session, *, counts: Sequence[Count], reason: str, note: str, actor: Actor, now: datetime
) -> int:
    """Set what differs and return of how many goods; what is as wanted already changes nothing.

    Raises StockReasonError, StockInvalidError, StockChangedError, StockReservedError, CatalogueForbiddenError.
    """
    if reason not in set(Reason):
        raise StockReasonError
    wanted = {one.variant_id: one.wanted for one in counts}
    if any(not _fits(one) for one in wanted.values()):
        raise StockInvalidError
    ids = sorted(wanted)
    stores = {row.id: row.store_id for row in session.execute(_STORES, {"ids": ids})}
    # A variant that does not exist is nobody's, and so may be changed by nobody.
    require_stores(actor, Permission.STOCK_EDIT, [stores.get(one, 0) for one in ids])
    session.execute(_MAKE, {"ids": ids})
    rows = {row.variant_id: row for row in session.execute(_LOCK, {"ids": ids})}
    known = {one: Known(row.on_hand, row.reserved, row.safety, row.alert_at) for one, row in rows.items()}
    todo = {one: wish for one, wish in wanted.items() if wish.changes(known[one])}
    _refuse_stale(counts, rows, todo)
    for one, wish in todo.items():
        if wish.on_hand < known[one].reserved:
            raise StockReservedError(reserved=known[one].reserved)
    if not todo:
        return 0
    kept_note = " ".join(note.split())[:NOTE_MAX] or None
    set_stocks(
        session,
        actor=actor,
        on_hand={one: wish.on_hand for one, wish in todo.items() if wish.on_hand != known[one].on_hand},
        now=now,
        reason=reason,
        note=kept_note,
    )
    bounds = {o: w for o, w in todo.items() if (w.safety, w.alert_at) != (known[o].safety, known[o].alert_at)}
    if bounds:
        session.execute(
            _SET,
            {
                "ids": list(bounds),
                "safeties": [wish.safety for wish in bounds.values()],
                "alerts": [wish.alert_at for wish in bounds.values()],
            },
        )
    facts = [
        Fact(AuditAction.STOCK_COUNTED, f"variant:{one}", _told(known[one]), _told(wish), kept_note or reason)
        for one, wish in sorted(todo.items())
    ]
    record(session, *facts, actor=actor, now=now)
    return len(todo)


def _refuse_stale(counts: Sequence[Count], rows: Mapping[int, Row[Any]], todo: Mapping[int, Wanted]) -> None:
    """A second press of the same button finds what it wanted, so nothing of it is left to refuse."""
    stale = [
        one.variant_id
        for one in counts
        if one.variant_id in todo and one.version is not None and one.version != rows[one.variant_id].version
    ]
    if stale:
        raise StockChangedError(stale)


def _fits(wish: Wanted) -> bool:
    numbers = (wish.on_hand, wish.safety, 0 if wish.alert_at is None else wish.alert_at)
    return all(0 <= number <= ON_HAND_MAX for number in numbers)


def _told(stock: Known | Wanted) -> dict[str, int | None]:
    return {"on_hand": stock.on_hand, "kept_back": stock.safety, "warn_at": stock.alert_at}
