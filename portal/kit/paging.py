"""Pages by key: a cursor names the last row seen, so that a page costs the same however deep it lies."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from portal.kit.errors import PortalError
from portal.kit.text import N_

T = TypeVar("T")
CursorValue = int | str | datetime | UUID | None

_LONGEST = 1_000
_BIGINT = 2**63


class CursorInvalidError(PortalError):
    code = "cursor_invalid"
    status = 400
    sentence = N_("This page of the list no longer exists. Start from the first page.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: after `values` of the sort key, or before them when `backwards`."""

    values: tuple[CursorValue, ...]
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `total` is None when nobody counted, and a floor when `total_is_capped`."""

    rows: tuple[T, ...]
    next_cursor: str | None = None
    previous_cursor: str | None = None
    total: int | None = None
    total_is_capped: bool = False


def fingerprint(*parts: object) -> str:
    """Return a short mark of a query: its name, order and filters. Cursors of another query are refused by it."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def encode_cursor(cursor: Cursor, *, query: str) -> str:
    """Return the cursor as text for an address. `query` is the query's fingerprint."""
    body = json.dumps([query, int(cursor.backwards), [_pack(v) for v in cursor.values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()


def decode_cursor(text: str | None, *, query: str, kinds: Sequence[type] | None = None) -> Cursor | None:
    """Read a cursor back; nothing (None or empty) is the first page.

    `kinds` are the types of the sort key, so that a forged cursor cannot reach the database with others.
    Raises CursorInvalidError for anything that this query did not hand out.
    """
    if not text:
        return None
    try:
        if len(text) > _LONGEST:
            raise CursorInvalidError
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mark, backwards, packed = json.loads(raw)
        values = tuple(_unpack(value) for value in packed)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise CursorInvalidError from error
    if mark != query or backwards not in (0, 1):
        raise CursorInvalidError
    if kinds is not None and (
        len(kinds) != len(values)
        or any(value is not None and type(value) is not kind for value, kind in zip(values, kinds, strict=True))
    ):
        raise CursorInvalidError
    return Cursor(values, bool(backwards))


def page_of(
    rows: Sequence[T],
    *,
    limit: int,
    cursor: Cursor | None,
    key: Callable[[T], tuple[CursorValue, ...]],
    query: str,
    total: int | None = None,
    total_is_capped: bool = False,
) -> Page[T]:
    """Make a page of up to `limit` + 1 rows fetched in the cursor's direction; the extra row shows there is more."""
    backwards = cursor is not None and cursor.backwards
    more = len(rows) > limit
    shown = list(rows[:limit])
    if backwards:
        shown.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else cursor is not None
    return Page(
        rows=tuple(shown),
        next_cursor=encode_cursor(Cursor(key(shown[-1])), query=query) if shown and has_next else None,
        previous_cursor=(
            encode_cursor(Cursor(key(shown[0]), backwards=True), query=query) if shown and has_previous else None
        ),
        total=total,
        total_is_capped=total_is_capped,
    )


def _pack(value: CursorValue) -> object:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, UUID):
        return {"u": value.hex}
    return value


def _unpack(value: object) -> CursorValue:
    if isinstance(value, dict):
        if "u" in value:
            return UUID(hex=value["u"])
        at = datetime.fromisoformat(value["t"])
        if at.tzinfo is None:
            raise ValueError("a cursor's instant is aware")
        return at
    if value is None or (type(value) is int and -_BIGINT <= value < _BIGINT):
        return value
    if isinstance(value, str) and "\0" not in value:
        return value
    raise ValueError("not a value that we put into cursors")
