"""The shelves of the mall, for every page's head: few, and kept in the process for a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

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


def section_directory() -> tuple[SectionView, ...]:
    """All sections in their order, at most KEPT_FOR_S old."""
    moment = time.monotonic()
    if _kept.sections is None or moment >= _kept.until:
        with reading() as session:
            rows = session.execute(
                select(Section.id, Section.parent_id, Section.slug, Section.name).order_by(Section.position, Section.id)
            ).all()
        _kept.sections = tuple(SectionView(r.id, r.parent_id, r.slug, r.name) for r in rows)
        _kept.until = moment + KEPT_FOR_S
    return _kept.sections


def forget_sections() -> None:
    """Read them anew at the next request: after a change made by this process, and between tests."""
    _kept.sections = None
