"""What forms of rules that hold from a moment on have in common: taxes, refunds."""

from __future__ import annotations

from datetime import datetime

from flask import request

from portal.blueprints.desk import zone_of_reader
from portal.kit.errors import PortalError
from portal.kit.moments import read_moment
from portal.rules.tiers import read_decimal

FIELD_LENGTH_MAX = 200
# More than any rule takes: where the bound is, its service says.
PERCENT_MAX = 100_000
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


def basis_points(name: str) -> int | None:
    """A percentage as it was typed, with at most two decimals; None for nothing, and for what is none."""
    percent = read_decimal(typed(name).removesuffix("%"))
    is_fit = percent.is_finite() and 0 <= percent <= PERCENT_MAX and not percent * 100 % 1
    return int(percent * 100) if is_fit else None


def begins_at(unfit: type[PortalError]) -> datetime | None:
    """When it begins, in the reader's zone; None is at once. Raises `unfit` for what is no moment."""
    text = typed("valid_from")
    if not text:
        return None
    found = read_moment(text, zone_of_reader())
    if found is None:
        raise unfit
    return found
