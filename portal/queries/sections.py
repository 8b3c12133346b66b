"""The shelves of the mall, for every page's head: few, and kept in the process for a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import reading
from portal.models import Section

KEPT_FOR_S = 5.0


@dataclass(frozen=True, slots=True)
class SectionView:
    """A shelf. `name` is {locale: text}."""

    id: int
    parent_id: int | None
    slug: str
    name: Mapping[str, str]


class _Kept:
    def __init__(self) -> None:
        self.sections: tuple[SectionView, ...] | None = None
        self.until = 0.0


_kept = _Kept()


def section_directory(session: Session | None = None) -> tuple[SectionView, ...]:
    """All sections in their order, at most KEPT_FOR_S old. Whoever has a transaction open passes its session."""
    moment = time.monotonic()
    if _kept.sections is None or moment >= _kept.until:
        if session is not None:
            _kept.sections = _load(session)
        else:
            with reading() as opened:
                _kept.sections = _load(opened)
        _kept.until = moment + KEPT_FOR_S
    return _kept.sections


def lineage(section_id: int, session: Session | None = None) -> tuple[int, ...]:
    """A section and those above it, the nearest first."""
    above = {one.id: one.parent_id for one in section_directory(session)}
    found = [section_id]
    while (parent := above.get(found[-1])) is not None and parent not in found:
        found.append(parent)
    return tuple(found)


def _load(session: Session) -> tuple[SectionView, ...]:
    rows = session.execute(
        select(Section.id, Section.parent_id, Section.slug, Section.name).order_by(Section.position, Section.id)
    )
    return tuple(SectionView(r.id, r.parent_id, r.slug, r.name) for r in rows)


def forget_sections() -> None:
    """Read them anew at the next request: after a change made by this process, and between tests."""
    _kept.sections = None
