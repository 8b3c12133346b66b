"""Files that one can hold in one's head."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lint.source import Finding, Source

LINES_MAX = 350


def long_files(source: Source) -> Iterator[Finding]:
    """A file that holds two ideas becomes two files. Migrations are history and stay as they are."""
    count = len(source.lines)
    if count > LINES_MAX and not source.is_under("migrations/versions"):
        yield source.finding(1, "length", f"{count} lines, of at most {LINES_MAX}")
