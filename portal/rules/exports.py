"""Lists as files: formats and what they hold, what a file is called, how its filter is kept (ANA-03)."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar, get_type_hints

from portal.kit.errors import PortalError
from portal.kit.tables import Format
from portal.kit.text import N_

F = TypeVar("F")
_INSTANT = re.compile(r"^(\d{4}-\d\d-\d\d)T.*$")
_UNFIT = re.compile(r"[^a-z0-9]+")
# What somebody searched for, and whom it may mean: addresses of people, that belong in no name and in no trail. Nor
# does an order, in which a file is not.
_UNSAID: Final = frozenset({"search", "owners", "ref", "actor", "ip", "device_id", "sort"})

LIVES: Final = timedelta(days=7)
# So many of one person's may be under way at a time: a worker writes one after another.
OPEN_MAX: Final = 5
# Nobody has worked on it for so long: its worker died, and another one takes it up.
STALE_AFTER: Final = timedelta(seconds=30)
# A sheet of a million rows is packed in one go, in which its worker says nothing.
STALE_WRITING_AFTER: Final = timedelta(minutes=5)
# After so many workers that died over it without a row more, it is given up.
TRIES_MAX: Final = 5


class FormatUnknownError(PortalError):
    code = "export_format_unknown"
    status = 422
    sentence = N_("Choose CSV, XLSX or PDF.")


def format_of(typed: str) -> Format:
    """The format of a form. Raises FormatUnknownError."""
    if typed not in set(Format):
        raise FormatUnknownError
    return Format(typed)


def file_name(listing: str, chosen: Mapping[str, Any], *, day: date, kind: Format) -> str:
    """What the file is called: the list, its filters, the day (A27). What somebody searched for stays out of it."""
    said = [_said(value) for name, value in chosen.items() if value not in (None, "", False) and name not in _UNSAID]
    words = [listing, *(word for word in said if word), day.isoformat()]
    return "-".join(words)[:120].rstrip("-") + f".{kind.value}"


def _said(value: Any) -> str:
    text = _INSTANT.sub(r"\1", str(value))
    return _UNFIT.sub("-", text.casefold()).strip("-") if value is not True else ""


def pack(chosen: Any) -> dict[str, Any]:
    """A filter as it is kept: what is not chosen is left out."""
    found = {one.name: getattr(chosen, one.name) for one in dataclasses.fields(chosen)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in found.items()
        if value not in (None, "", False)
    }


def unpack(kind: type[F], kept: Mapping[str, Any]) -> F:
    """The filter again; what it does not know any more is left out."""
    hints = get_type_hints(kind)
    return kind(**{name: _read(str(hints[name]), value) for name, value in kept.items() if name in hints})


def _read(hint: str, value: Any) -> Any:
    if "datetime.datetime" in hint:
        return datetime.fromisoformat(value)
    if "datetime.date" in hint:
        return date.fromisoformat(value)
    if "uuid.UUID" in hint:
        return uuid.UUID(value)
    return tuple(value) if isinstance(value, list) else value
