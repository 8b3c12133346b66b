"""What was typed, read in every way that it can be meant, and what is found by it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.crypto import person_marks
from portal.kit.ids import normalise_code
from portal.queries.admin_orders import numbers_meant
from portal.rules.permissions import Permission

# Of one kind; whoever gets more should say more.
HITS_MAX = 10


@dataclass(frozen=True)
class Words:
    """What was typed. `store_ids` are the stores within which is looked; None means the whole mall."""

    text: str
    store_ids: tuple[int, ...] | None = None

    @cached_property
    def code(self) -> str:
        """As a code, a tracking number or the number of a document is stored."""
        return normalise_code(self.text)

    @cached_property
    def numbers(self) -> list[str]:
        """As the number of an order, with or without its channel's prefix."""
        code = self.code
        return [*numbers_meant(self.text), *(f"{prefix}-{code}" for prefix in ("KR", "US"))]

    @cached_property
    def label(self) -> str:
        """As a number that is kept with its hyphens: a receipt's, a statement's, an invoice's."""
        return self.text.strip().upper()

    @cached_property
    def id(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.text)
        except ValueError:
            return None

    @cached_property
    def marks(self) -> list[str]:
        """As somebody's name, phone number or e-mail address, under which orders and people are marked."""
        return person_marks(names=[self.text], phones=[self.text], emails=[self.text])

    @cached_property
    def like(self) -> str | None:
        """As a part of a name in small letters; None when it is too short to be looked for."""
        words = " ".join(self.text.lower().split())
        is_hangul = any("가" <= letter <= "힣" for letter in words)
        if len(words) < (1 if is_hangul else 2):
            return None
        return "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"

    def by_id(self, column: InstrumentedAttribute[uuid.UUID]) -> Select[Any] | None:
        """The row of an id, if it was one that was typed."""
        return select(column).where(column == self.id) if self.id else None

    def within(self, store_id: InstrumentedAttribute[Any]) -> Sequence[ColumnElement[bool]]:
        """The condition that keeps to one's own stores; none for the whole mall."""
        return [] if self.store_ids is None else [store_id.in_(self.store_ids)]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. `key` is what its page's address takes; `exact` that it can be nothing else.

    `title` and `note` are words or {locale: words}; `machine` is whose states `state` is one of.
    `person_id` is whose name, phone or address it was found by: such a look is recorded.
    """

    kind: str
    key: str
    title: str | Mapping[str, str]
    note: str | Mapping[str, str] = ""
    state: str | None = None
    machine: str | None = None
    at: datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    exact: bool = True
    person_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Finder:
    """How one kind is found, and the permission that it takes."""

    kind: str
    permission: Permission
    find: Callable[[Session, Words], Sequence[Hit]]


def ids_of(session: Session, *ways: Select[Any] | None) -> list[Any]:
    """The ids that any of these statements finds, at most HITS_MAX. Each goes its own index; an OR would go none."""
    meant = [way for way in ways if way is not None]
    return list(session.scalars(union(*meant).limit(HITS_MAX))) if meant else []


def named(name: InstrumentedAttribute[Any], like: str) -> ColumnElement[bool]:
    """Whether a name in any language holds the words."""
    both = func.lower(func.coalesce(name["en"].astext, "") + " " + func.coalesce(name["ko"].astext, ""))
    return both.like(like)


def tail(value: uuid.UUID) -> str:
    """The end of an id, by which desks show it."""
    return value.hex[-12:]
