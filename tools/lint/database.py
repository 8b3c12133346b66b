"""Who commits, and what may happen inside a transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lint.source import Finding, Source

ENDS = frozenset({"commit", "rollback"})
OPENERS = frozenset({"transaction", "snapshot", "begin"})
# The verbs of portal/gateways/base.py:Gateway that speak to a gateway.
GATEWAY_CALLS = frozenset(
    {"charge", "capture", "void", "refund", "fetch", "fetch_refund", "save_method", "fetch_saved", "remove_method"}
)

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def commits_elsewhere(source: Source) -> Iterator[Finding]:
    """A use case is one transaction only if nothing inside it can end it: db.py commits and rolls back, nobody else."""
    if not source.is_under("portal") or source.path == "portal/db.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ENDS:
            yield source.finding(node.lineno, "commit", f"{node.attr}() belongs to portal/db.py alone")


def gateway_calls_in_transactions(source: Source) -> Iterator[Finding]:
    """A gateway that is slow must not hold locks, and a rollback must not forget money that has moved."""
    if not source.is_under("portal"):
        return
    for region in _transactions(source.tree):
        for node in region:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _name(call.func) in GATEWAY_CALLS and _is_method(call.func):
                    what = f"{_name(call.func)}() is called with a transaction open"
                    yield source.finding(call.lineno, "gateway-call", what)


def _transactions(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """The code that runs inside a transaction: bodies of `with transaction()`, and work given to atomically()."""
    functions: dict[str, list[Function]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.setdefault(node.name, []).append(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(_opens(item.context_expr) for item in node.items):
            yield list(node.body)
        elif isinstance(node, ast.Call) and _name(node.func) == "atomically":
            for given in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if isinstance(given, ast.Lambda):
                    yield [given.body]
                elif isinstance(given, ast.Name):
                    yield list(functions.get(given.id, []))


def _opens(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Call) and _name(expression.func) in OPENERS


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_method(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute)
