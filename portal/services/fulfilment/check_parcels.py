"""What a file of parcels would do, before anything of it is done: which can leave, and why others cannot (S15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.models.order import TO_SEND
from portal.queries.bulk_runs import StorePart, parts_by_number
from portal.queries.parcel_numbers import taken_numbers
from portal.rules.parcel_csv import FileParcel, ParcelFile, RowProblem
from portal.services.fulfilment.bulk_run import RunItem
from portal.services.fulfilment.ship_part import (
    NothingToShipError,
    ParcelLineUnknownError,
    ParcelNumberTakenError,
    ParcelUnitsError,
)

ORDER_UNKNOWN = Rejection("ORDER", N_("Your store has no such order."))
ON_HOLD = Rejection("ON_HOLD", N_("This order is on hold. It can be sent when the hold has ended."))


@dataclass(frozen=True, slots=True)
class CheckedParcels:
    """What a file would do: what can be sent, how many were told of before, and what is wrong with the others."""

    fit: Sequence[RunItem]
    known: int
    problems: Sequence[RowProblem]


def check_parcels(session: Session, file: ParcelFile, *, store_id: int, now: datetime) -> CheckedParcels:
    """The parcels of the file that this store can send as things stand, and what keeps all others.

    Parcels of one order take from each other what is left of it, in the order of their rows; one that was told of
    before is counted only, it changes nothing.
    """
    parts = parts_by_number(session, store_id=store_id, numbers=[one.order for one in file.parcels])
    known = [(parts[one.order], one) for one in file.parcels if one.order in parts]
    taken = taken_numbers(session, [(part.id, one.carrier, one.number) for part, one in known], now=now)
    left = {part.number: Counter(part.left) for part in parts.values()}
    fit, known_before, problems = [], 0, list(file.problems)
    for parcel in sorted(file.parcels, key=lambda one: one.row):
        part = parts.get(parcel.order)
        refusal = ORDER_UNKNOWN if part is None else _refusal(part, parcel, left[part.number])
        if part is not None and refusal is None and (part.id, parcel.number) in taken:
            refusal = ParcelNumberTakenError(number=parcel.number)
        if part is None or refusal is not None:
            problems.append(RowProblem(parcel.row, parcel.order, refusal or ORDER_UNKNOWN))
            continue
        if _is_known(part, parcel):
            known_before += 1
            continue
        left[part.number].subtract(parcel.units if parcel.units is not None else +left[part.number])
        units = None if parcel.units is None else {part.lines[sku]: count for sku, count in parcel.units.items()}
        fit.append(RunItem(part.id, part.number, parcel.carrier, parcel.number, units, parcel.row))
    return CheckedParcels(fit, known_before, sorted(problems, key=lambda one: one.row))


def _is_known(part: StorePart, parcel: FileParcel) -> bool:
    return f"{parcel.carrier}:{parcel.number}" in part.parcels


def _refusal(part: StorePart, parcel: FileParcel, left: Counter[str]) -> Rejection | PortalError | None:
    wanted: Sequence[tuple[str, int]] = sorted((parcel.units or {}).items())
    for sku, _count in wanted:
        if sku not in part.lines:
            return ParcelLineUnknownError(sku=sku)
    if _is_known(part, parcel):
        return None
    if part.is_on_hold:
        return ON_HOLD
    if part.status not in TO_SEND or not +left:
        return NothingToShipError()
    for sku, count in wanted:
        if count > left[sku]:
            return ParcelUnitsError(sku=sku, left=max(0, left[sku]))
    return None
