"""Exact amounts and given instants, wherever money is decided."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lint.source import Finding, Source

FOLDERS = ("portal/rules", "portal/services", "portal/models", "portal/gateways")
CLOCKS = frozenset({"now", "utcnow", "today"})


def inexact_numbers(source: Source) -> Iterator[Finding]:
    """No float, in any spelling, and no rounding but the one in kit/money.py."""
    if not source.is_under(*FOLDERS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield source.finding(node.lineno, "float", f"{node.value!r} is a float")
        elif isinstance(node, ast.Name) and node.id == "float":
            yield source.finding(node.lineno, "float", "float has no place near money")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
            yield source.finding(node.lineno, "float", "round() is the banker's: use kit.money")


def own_clocks(source: Source) -> Iterator[Finding]:
    """The instant is passed in, so that one use case has one time and a test can say which."""
    if not source.is_under(*FOLDERS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if name in {"datetime", "date", "clock"}:
                yield source.finding(node.lineno, "clock", f"{name}.{node.func.attr}() is called: take `now` instead")
