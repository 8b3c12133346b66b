"""What a file says that channels sell, and what is wrong with it, before anything is written (CHN-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.queries.channel_goods import variants_by_sku
from portal.queries.channels import channel_directory
from portal.rules.channel_goods import AssignmentRow, Place, RowFault, read_assignments


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """The rows that can be carried out, variant and product by SKU, and the rows that cannot, in their order."""

    rows: Sequence[AssignmentRow]
    variants: Mapping[str, tuple[int, int]]
    problems: Sequence[RowFault]


def check_assignments(session: Session, *, text: str, store_id: int | None) -> CheckedFile:
    """Read a file about goods of a store, or of all stores. Raises FileUnfitError."""
    places = {
        code: Place(one.id, one.currency, ZoneInfo(one.time_zone))
        for code, one in channel_directory().channels.items()
        if one.state != "closed"
    }
    rows, problems = read_assignments(text, places)
    variants = variants_by_sku(session, skus=[row.sku for row in rows], store_id=store_id)
    unknown = N_("Your store has no such goods.") if store_id is not None else N_("There are no such goods.")
    problems += [RowFault(row.row, row.sku, Rejection("SKU", unknown)) for row in rows if row.sku not in variants]
    return CheckedFile(rows, variants, sorted(problems, key=lambda one: one.row))
