"""The names of what coupons speak of: sections, stores, products, channels. One statement per kind, few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.kit import clock
from portal.kit.errors import Rejection
from portal.models import Channel, Product, Section, Store
from portal.queries.loyalty import loyalty_directory
from portal.rules.coupons.evaluate import Check, EligibilityResult
from portal.rules.coupons.words import Named

Names = Mapping[tuple[str, str], Mapping[str, str]]

_TABLES: Mapping[str, tuple[InstrumentedAttribute[int], InstrumentedAttribute[dict[str, Any]]]] = {
    "channel": (Channel.id, Channel.name),
    "section": (Section.id, Section.name),
    "category": (Section.id, Section.name),
    "store": (Store.id, Store.name),
    "product": (Product.id, Product.name),
}


def load_names(session: Session, things: Sequence[Named]) -> Names:
    """Names in all languages by source and key. What does not exist, or has no table, is left out."""
    wanted: dict[str, set[int]] = {}
    for thing in things:
        if thing.source in _TABLES:
            wanted.setdefault(thing.source, set()).update(int(key) for key in thing.keys)
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    if any(thing.source == "tier" for thing in things):
        ladder = loyalty_directory(session).ladder(clock.now())
        found.update({("tier", tier.code): tier.names for tier in ladder.tiers})
    for source, keys in wanted.items():
        key_column, name_column = _TABLES[source]
        rows = session.execute(select(key_column, name_column).where(key_column.in_(keys)))
        found.update({(source, str(key)): name for key, name in rows})
    return found


def name_things(
    session: Session, results: Sequence[EligibilityResult], *, locale: str
) -> tuple[EligibilityResult, ...]:
    """The same results, whose rejections carry the names of what they speak of."""
    things = [
        value
        for result in results
        for check in result.checks
        if check.rejection
        for value in check.rejection.params.values()
        if isinstance(value, Named)
    ]
    if not any(_has_names(thing) for thing in things):
        return tuple(results)
    names = load_names(session, things)

    def with_names(rejection: Rejection) -> Rejection:
        params = {
            key: replace(value, names=named(value, names, locale))
            if isinstance(value, Named) and _has_names(value)
            else value
            for key, value in rejection.params.items()
        }
        return replace(rejection, params=params)

    return tuple(
        replace(
            result,
            checks=tuple(
                Check(check.name, with_names(check.rejection)) if check.rejection else check for check in result.checks
            ),
        )
        for result in results
    )


def _has_names(thing: Named) -> bool:
    return thing.source in _TABLES or thing.source == "tier"


def named(thing: Named, names: Names, locale: str) -> tuple[str, ...]:
    """The names of a thing in a language, else in English; one that is gone by its key."""
    found = (names.get((thing.source, key)) for key in thing.keys)
    return tuple(
        (name.get(locale) or name.get("en") or key) if name else f"#{key}"
        for key, name in zip(thing.keys, found, strict=True)
    )
