"""Writes checked lines of our own format: a product with all its lines, or none of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.rules.permissions import Actor
from portal.services.catalogue.drafts import OptionDraft, PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.importing.ensure import ensure_sections, ensure_stores
from portal.services.catalogue.importing.own_format import SkuLine
from portal.services.catalogue.save_products import save_products

OPTION_NAMES = {
    "colour": {"en": "Colour", "ko": "색상"},
    "color": {"en": "Colour", "ko": "색상"},
    "size": {"en": "Size", "ko": "사이즈"},
    "volume": {"en": "Volume", "ko": "용량"},
}


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch: products made and renewed, and refused lines with their reason."""

    made: int
    renewed: int
    refused: Sequence[tuple[int, str]]


def apply_lines(
    session: Session, *, actor: Actor, lines: Sequence[SkuLine], channel_ids: Mapping[str, int], now: datetime
) -> Applied:
    """Write a batch. When one product of it is refused by the catalogue, the others are written all the same."""
    stores = ensure_stores(session, actor=actor, wanted={line.store: line.store_name for line in reversed(lines)})
    sections = ensure_sections(
        session, actor=actor, wanted={line.section: line.section_name for line in reversed(lines)}
    )
    products: dict[str, list[SkuLine]] = {}
    for line in lines:
        products.setdefault(line.ref, []).append(line)
    drafts = {
        ref: _draft(ref, of_it, stores=stores, sections=sections, channel_ids=channel_ids)
        for ref, of_it in products.items()
    }
    try:
        with session.begin_nested():
            saved = save_products(session, actor=actor, drafts=list(drafts.values()), now=now, stock_reason="import")
    except (PortalError, DBAPIError):
        return _one_by_one(session, actor, products, drafts, now)
    return Applied(saved.made, len(drafts) - saved.made, ())


def _one_by_one(
    session: Session,
    actor: Actor,
    products: Mapping[str, Sequence[SkuLine]],
    drafts: Mapping[str, ProductDraft],
    now: datetime,
) -> Applied:
    """The slow way, each product behind a savepoint of its own, to find out which one was refused."""
    made = renewed = 0
    refused: list[tuple[int, str]] = []
    for ref, draft in drafts.items():
        try:
            with session.begin_nested():
                saved = save_products(session, actor=actor, drafts=[draft], now=now, stock_reason="import")
        except PortalError as refusal:
            refused += [(line.line, str(refusal)) for line in products[ref]]
        except DBAPIError as fault:
            reason = str(fault.orig).strip().splitlines()[0]
            refused += [(line.line, f"the database refuses it: {reason}") for line in products[ref]]
        else:
            made += saved.made
            renewed += 1 - saved.made
    return Applied(made, renewed, refused)


def _draft(
    ref: str,
    lines: Sequence[SkuLine],
    *,
    stores: Mapping[str, int],
    sections: Mapping[str, int],
    channel_ids: Mapping[str, int],
) -> ProductDraft:
    """What the first line says of the product holds for it."""
    first = lines[0]
    return ProductDraft(
        ref=ref,
        slug=_slug(first, ref),
        store_id=stores[first.store],
        section_id=sections[first.section],
        name=first.name,
        description=first.description,
        picture=first.picture,
        variants=tuple(
            VariantDraft(
                sku=line.sku,
                options=tuple(_option(name, value) for name, value in line.options),
                prices=tuple(PriceDraft(channel_ids[code], *amounts) for code, amounts in line.prices.items()),
                on_hand=line.stock,
                picture=line.picture,
                # The order of the file is the order of the choices, however it was cut into batches.
                position=line.line,
            )
            for line in lines
        ),
    )


def _slug(line: SkuLine, ref: str) -> str:
    latin = re.sub(r"[^a-z0-9]+", "-", line.name.get("en", "").lower()).strip("-")[:80].strip("-")
    mark = hashlib.sha256(ref.encode()).hexdigest()[:8]
    return f"{latin}-{mark}" if latin else mark


def _option(name: str, value: str) -> OptionDraft:
    code = re.sub(r"[^\w]+", "-", value.lower()).strip("-")
    return OptionDraft(OPTION_NAMES.get(name, {"en": name.replace("_", " ").capitalize()}), {"en": value}, code)
