"""What the vendor holds for the shop: each movement with its fee, and the payouts."""

import datetime as dt
from itertools import islice

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.world import World

_PAGE = 500
_FEE_PER_MILLE = 22


def book(world: World, kind: str, session: Json, gross: int, refund: str | None = None) -> None:
    """A charge, or a refund with a negative `gross`; the fee of 2.2 %, rounded half up, is kept of charges."""
    fee = (gross * _FEE_PER_MILLE + 500) // 1000 if kind == "charge" else 0
    _save(world, kind, session["currency"], gross, fee, session["id"], refund)


def pay_out(world: World) -> list[Json]:
    """Send all that is held to the shop's bank, a payout for each currency."""
    held: dict[str, int] = {}
    for row in world.store.tables.get("paylink_movements", {}).values():
        held[row["currency"]] = held.get(row["currency"], 0) + row["gross"] - row["fee"]
    return [_save(world, "payout", currency, -amount, 0) for currency, amount in held.items() if amount > 0]


def report(world: World, since: str, until: str, after: str) -> Json:
    """One page of the movements from `since` on and before `until`, in the order in which they were booked."""
    first, end = dt.datetime.fromisoformat(since), dt.datetime.fromisoformat(until)
    rows = iter(world.store.tables.get("paylink_movements", {}).values())
    if after:
        for row in rows:
            if row["id"] == after:
                break
    wanted = (row for row in rows if first <= dt.datetime.fromisoformat(row["created_at"]) < end)
    page = list(islice(wanted, _PAGE))
    return {"object": "report", "rows": page, "next": page[-1]["id"] if len(page) == _PAGE else ""}


def _save(
    world: World,
    kind: str,
    currency: str,
    gross: int,
    fee: int,
    session: str | None = None,
    refund: str | None = None,
) -> Json:
    row = {
        "id": new_id("plm"),
        "object": "movement",
        "kind": kind,
        "currency": currency,
        "gross": gross,
        "fee": fee,
        "session": session,
        "refund": refund,
        "created_at": dt.datetime.now(tz=dt.UTC).isoformat(),
    }
    return world.store.save("paylink_movements", row)
