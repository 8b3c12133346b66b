"""The row version that a form was made of."""

from __future__ import annotations

from flask import request

DIGITS_MAX = 9


def shown_version() -> int | None:
    """The version that stands in the form; None where it says none."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None
