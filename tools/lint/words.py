"""Sentences that the catalogue can hold, exceptions that say why, markers that name something."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tools.lint.source import Finding, Source

# gettext() spelled out translates a sentence that N_() marked elsewhere; these are what the extractor reads.
EXTRACTED = frozenset({"_", "N_", "ngettext", "pgettext", "npgettext", "lazy_gettext", "_l"})
EXCEPTION = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[a-z0-9, -]+\])?)(?P<rest>.*)")
REASON = re.compile(r"\s*(?:#|-|–|:)\s*\S.{3,}")
LATER = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?P<rest>.*)")
DOCS = Path(__file__).parents[2] / "docs"
REGISTER, CHECKLIST = DOCS / "requirements-ids.txt", DOCS / "ux-ids.txt"


def sentences_not_literal(source: Source) -> Iterator[Finding]:
    """What gettext's extractor cannot read is never translated."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EXTRACTED:
            count = 2 if node.func.id in {"ngettext", "pgettext"} else 1
            for given in node.args[:count]:
                if not (isinstance(given, ast.Constant) and isinstance(given.value, str)):
                    what = f"{node.func.id}() takes a sentence written out; use gettext() for one marked elsewhere"
                    yield source.finding(node.lineno, "gettext", what)


def exceptions_without_reason(source: Source) -> Iterator[Finding]:
    """`noqa` and `type: ignore` say on their line why; a whole file's rules stand in pyproject.toml."""
    for comment in _comments(source):
        found = EXCEPTION.match(comment.string)
        if found is None:
            continue
        rest = found["rest"]
        nested = EXCEPTION.search(rest)
        told = nested["rest"] if nested else rest
        if not REASON.match(told):
            yield source.finding(comment.start[0], "reason", f"`{comment.string.strip()}` does not say why")


def work_left_over(source: Source) -> Iterator[Finding]:
    """A note for later says what has to happen first, or it goes."""
    for comment in _comments(source):
        found = LATER.search(comment.string)
        if found and not re.match(r"\s*(?:\([^)]+\))?\s*:\s*\S.{9,}", found["rest"]):
            yield source.finding(comment.start[0], "todo", "write `TODO: what, and when`, or do it")


def unknown_requirements(source: Source) -> Iterator[Finding]:
    """A test that claims to show a row of the register, or a line of the checklists, names one that exists."""
    if not source.is_under("tests"):
        return
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKS):
            continue
        known, where = MARKS[node.func.attr]
        for given in node.args:
            if not (isinstance(given, ast.Constant) and given.value in known()):
                yield source.finding(node.lineno, node.func.attr, f"{ast.unparse(given)} is not in {where}")


def known_requirements(register: Path = REGISTER) -> frozenset[str]:
    """The IDs of the requirements register."""
    return frozenset(register.read_text("utf-8").split())


def known_lines(checklist: Path = CHECKLIST) -> frozenset[str]:
    """The IDs of the checklists, each of which stands before its line."""
    return frozenset(line.partition(" ")[0] for line in checklist.read_text("utf-8").splitlines())


# The marks of tests: what they may name.
MARKS = {"req": (known_requirements, "the register"), "ux": (known_lines, "the checklists")}


def _comments(source: Source) -> Iterator[tokenize.TokenInfo]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token
