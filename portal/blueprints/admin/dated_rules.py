"""What forms of rules that hold from a moment on have in common: taxes, refunds."""

from __future__ import annotations

from datetime import datetime

from flask import request

from portal.blueprints.desk import zone_of_reader
from portal.kit.errors import PortalError
from portal.kit.moments import read_moment

FIELD_LENGTH_MAX = 200
# The key of nothing.
NOWHERE = 0
# What is not chosen is None: it stays as it is, or is left to the rule above.
YES_OR_NO = {"1": True, "0": False}


def typed(name: str) -> str:
    """A field as it was typed, without the space around it."""
    return request.form.get(name, "").replace("\0", "").strip()[:FIELD_LENGTH_MAX]


def number(name: str, *, unfit: int = NOWHERE) -> int | None:
    """A key from a list, or how many; None for nothing, `unfit` for what is no such number."""
    text = typed(name)
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else unfit


def begins_at(unfit: type[PortalError]) -> datetime | None:
    """When it begins, in the reader's zone; None is at once. Raises `unfit` for what is no moment."""
    text = typed("valid_from")
    if not text:
        return None
    found = read_moment(text, zone_of_reader())
    if found is None:
        raise unfit
    return found
