"""What forms of several numbered rules share: the names of their fields, numbers as typed, buttons that move rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

DIGITS_MAX = 9

_Rule = TypeVar("_Rule")


def field_id(n: int, name: str) -> str:
    """How a field of the rule with the place `n`, counted from 1, is called in the page."""
    return f"rule{n}-{name}"


def words(text: str) -> list[str]:
    """What stands in a line, with commas or without."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def is_number(text: str) -> bool:
    """Whether it is a whole number of at most nine digits, and nothing else."""
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX


def whole(text: str) -> int:
    """The number; 0, which nothing has as its id, for what is none."""
    return int(text) if is_number(text) else 0


def press(rules: list[_Rule], wanted: str, *, most: int, new: Callable[[], _Rule]) -> int | None:
    """Do what a button says with the rules: add, or up, down, remove with a place.

    Returns the place of the rule that was touched, None where nothing was or none is left.
    """
    verb, _dash, place = wanted.partition("-")
    n = whole(place)
    if verb == "add" and len(rules) < most:
        rules.append(new())
        return len(rules)
    if not 1 <= n <= len(rules):
        return None
    if verb == "remove":
        del rules[n - 1]
        return min(n, len(rules)) or None
    if verb in {"up", "down"}:
        other = min(max(n + (1 if verb == "down" else -1), 1), len(rules))
        rules.insert(other - 1, rules.pop(n - 1))
        return other
    return None
