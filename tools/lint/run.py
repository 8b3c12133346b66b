"""Which checks look at which files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.lint import database, numbers, size, templates, words
from tools.lint.source import Check, Finding, Source

ROOT = Path(__file__).parents[2]
FOLDERS = ("portal", "sandbox", "examples", "migrations", "tools", "tests")
NOT_OURS = ("portal/static/vendor", "portal/demo/mall", "portal/translations", "tests/vendor")

PYTHON: tuple[Check, ...] = (
    database.commits_elsewhere,
    database.gateway_calls_in_transactions,
    numbers.inexact_numbers,
    numbers.own_clocks,
    words.sentences_not_literal,
    words.exceptions_without_reason,
    words.work_left_over,
    words.unknown_requirements,
    size.long_files,
)
TEMPLATE: tuple[Check, ...] = (
    templates.inline_code,
    templates.loads_from_elsewhere,
    templates.htmx_without_a_way,
    templates.partials_with_many_roots,
    templates.sentences_of_templates,
    size.long_files,
)
CHECKS: dict[str, tuple[Check, ...]] = {
    ".py": PYTHON,
    ".html": TEMPLATE,
    ".txt": (templates.sentences_of_templates,),
    ".css": (size.long_files,),
    ".js": (size.long_files,),
}


def files_of(root: Path) -> Iterator[Path]:
    """Every file of the project that a check knows, relative to its root."""
    found = [*root.glob("*.py"), *(file for folder in FOLDERS for file in (root / folder).rglob("*.*"))]
    for file in sorted(found):
        path = file.relative_to(root)
        if file.is_file() and file.suffix in CHECKS and not path.as_posix().startswith(NOT_OURS):
            yield path


def check(root: Path, path: Path) -> Iterator[Finding]:
    """What breaks a rule in one file and is not let through."""
    source = Source(path.as_posix(), (root / path).read_text("utf-8"))
    for one in CHECKS.get(source.ending, ()):
        for finding in one(source):
            if not source.allows(finding.rule, finding.line):
                yield finding
