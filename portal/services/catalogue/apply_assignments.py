"""A file that says what channels sell and at which prices for a time, all of it or nothing (CHN-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.channel_goods import AssignmentRow
from portal.rules.permissions import Actor
from portal.services.catalogue.assign_products import assign_products
from portal.services.catalogue.price_windows import save_window

WINDOWS_MAX = 500


class RowRefusedError(PortalError):
    """A row cannot be carried out; `reason` is the error that says why."""

    code = "row_refused"
    status = 409
    sentence = N_("Row %(row)s, %(sku)s, cannot be taken over; nothing of the file was.")

    def __init__(self, row: AssignmentRow, reason: PortalError) -> None:
        self.reason = reason
        super().__init__(row=row.row, sku=row.sku)


class TooManyWindowsError(PortalError):
    code = "file_too_many_windows"
    sentence = N_("A file holds at most %(count)s prices for a time. Split it into several.")


def apply_assignments(
    session: Session,
    *,
    rows: Sequence[AssignmentRow],
    variants: Mapping[str, tuple[int, int]],
    actor: Actor,
    now: datetime,
) -> int:
    """Carry out the rows; `variants` are variant and product by SKU. Returns how many rows there were.

    Raises RowRefusedError, TooManyWindowsError, CatalogueForbiddenError.
    """
    windows = [row for row in rows if row.amount_minor is not None]
    if len(windows) > WINDOWS_MAX:
        raise TooManyWindowsError(count=WINDOWS_MAX)
    switched: dict[tuple[int, bool], set[int]] = {}
    for row in rows:
        if row.is_sold is not None:
            switched.setdefault((row.channel_id, row.is_sold), set()).add(variants[row.sku][1])
    for (channel_id, is_sold), product_ids in sorted(switched.items()):
        assign_products(session, channel_id=channel_id, product_ids=product_ids, is_sold=is_sold, actor=actor, now=now)
    for row in windows:
        assert row.amount_minor is not None
        assert row.begins is not None
        assert row.ends is not None
        try:
            save_window(
                session,
                variant_id=variants[row.sku][0],
                channel_id=row.channel_id,
                amount_minor=row.amount_minor,
                valid_from=row.begins,
                valid_until=row.ends,
                actor=actor,
                now=now,
            )
        except PortalError as error:
            raise RowRefusedError(row, error) from error
    return len(rows)
