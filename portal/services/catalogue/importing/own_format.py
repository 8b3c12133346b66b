"""Our own CSV: a line per SKU (docs/imports.md). Lines become values here; nothing is asked of the database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.kit.money import AmountInvalidError, parse_minor
from portal.rules.stock import ON_HAND_MAX
from portal.services.catalogue.importing.rows import Row

REQUIRED = ("sku", "product", "store", "section")
LANGUAGES = ("en", "ko")
TEXT_MAX = 20_000
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CODE = re.compile(r"[^\W_]+(?:[-._/][^\W_]+)*")
_PRICE = re.compile(r"(price|compare_at)_([a-z0-9-]+)")


class RowRefusedError(Exception):
    """A line that cannot be taken; its text is the reason."""


@dataclass(frozen=True, slots=True)
class SkuLine:
    """One line, read and checked. Prices are by channel code, in minor units: (now, compared with)."""

    line: int
    sku: str
    product: str
    store: str
    section: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    store_name: Mapping[str, str]
    section_name: Mapping[str, str]
    options: Sequence[tuple[str, str]]
    picture: str | None
    stock: int | None
    prices: Mapping[str, tuple[int, int | None]] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """What the product is known by: its store and its own name there."""
        return f"csv:{self.store}:{self.product}"


def is_own(columns: Sequence[str]) -> bool:
    """Say whether these are the columns of our own format."""
    return set(REQUIRED) <= set(columns)


def channels_named(columns: Sequence[str]) -> set[str]:
    """The channel codes that the price columns name."""
    return {found[2] for found in map(_PRICE.fullmatch, columns) if found}


def read_line(row: Row, *, currencies: Mapping[str, str]) -> SkuLine:
    """Read one line. `currencies` are those of the channels in the header. Raises RowRefusedError."""
    if row[""]:
        raise RowRefusedError("there are more cells than columns")
    for column in REQUIRED:
        if not row[column]:
            raise RowRefusedError(f"{column} is missing")
    if not _CODE.fullmatch(row["sku"]) or len(row["sku"]) > 100:
        raise RowRefusedError("sku must be letters, digits and single -._/ between them, at most 100")
    for column in ("store", "section"):
        if not _SLUG.fullmatch(row[column]):
            raise RowRefusedError(f"{column} must be small letters, digits and single hyphens, such as green-tea")
    if any("\0" in cell or len(cell) > TEXT_MAX for cell in row.cells.values()):
        raise RowRefusedError(f"a cell is longer than {TEXT_MAX} characters or holds a null character")
    name = _texts(row, "name")
    if not name:
        raise RowRefusedError("name_en or name_ko is missing")
    return SkuLine(
        line=row.line,
        sku=row["sku"],
        product=row["product"],
        store=row["store"],
        section=row["section"],
        name=name,
        description=_texts(row, "description"),
        store_name=_texts(row, "store_name"),
        section_name=_texts(row, "section_name"),
        options=[(c.removeprefix("option_"), v) for c, v in row.cells.items() if c.startswith("option_") and v],
        picture=row["picture"] or None,
        stock=_stock(row["stock"]),
        prices=dict(_prices(row, currencies)),
    )


def _texts(row: Row, column: str) -> dict[str, str]:
    found = {language: row[f"{column}_{language}"] for language in LANGUAGES if row[f"{column}_{language}"]}
    if row[column] and "en" not in found:
        found["en"] = row[column]
    return found


def _stock(cell: str) -> int | None:
    if not cell:
        return None
    if not cell.isascii() or not cell.isdigit() or int(cell[:12]) > ON_HAND_MAX:
        raise RowRefusedError("stock must be a whole number from 0 to 1,000,000,000")
    return int(cell)


def _prices(row: Row, currencies: Mapping[str, str]) -> list[tuple[str, tuple[int, int | None]]]:
    found = []
    for channel, currency in currencies.items():
        now, before = (_amount(row, f"{kind}_{channel}", currency) for kind in ("price", "compare_at"))
        if now is None:
            if before is not None:
                raise RowRefusedError(f"compare_at_{channel} needs price_{channel}")
            continue
        if before is not None and before <= now:
            raise RowRefusedError(f"compare_at_{channel} must be above price_{channel}")
        found.append((channel, (now, before)))
    return found


def _amount(row: Row, column: str, currency: str) -> int | None:
    if not row[column]:
        return None
    try:
        return parse_minor(row[column], currency)
    except AmountInvalidError as refusal:
        raise RowRefusedError(f"{column}: {refusal}") from refusal
