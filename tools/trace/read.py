"""Find the IDs that tests name: of the register in markers or docstrings, of the checklists in markers."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.lint.words import MARKS

ROOT = Path(__file__).parents[2]
ID = re.compile(r"\b[A-Z]{3}-\d{2,3}\b")

Test = ast.FunctionDef | ast.AsyncFunctionDef


def shown_by(tests: Path) -> dict[str, list[str]]:
    """The tests that name each ID, as `path::name`."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        for test, ids in _tests(tree.body, _named_by_mark(tree)):
            for one in sorted(ids):
                found[one].append(f"{file.relative_to(tests.parent).as_posix()}::{test.name}")
    return found


def without_test(shown: dict[str, list[str]], known: frozenset[str]) -> list[str]:
    """Those of the known IDs that no test names."""
    return sorted(known - shown.keys())


def _tests(body: list[ast.stmt], inherited: set[str]) -> Iterator[tuple[Test, set[str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _tests(node.body, inherited | _decorated(node))
        elif isinstance(node, Test) and node.name.startswith("test_"):
            told = set(ID.findall(ast.get_docstring(node) or ""))
            yield node, inherited | _decorated(node) | told


def _decorated(node: Test | ast.ClassDef) -> set[str]:
    return {one for decorator in node.decorator_list for one in _marked(decorator)}


def _named_by_mark(tree: ast.Module) -> set[str]:
    """What `pytestmark` says for the whole file."""
    return {
        one
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for one in _marked(node.value)
    }


def _marked(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKS:
            yield from (str(given.value) for given in node.args if isinstance(given, ast.Constant))
