"""A file as the checks see it, and what they find in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

ALLOW = re.compile(r"lint: allow (?P<rule>[a-z-]+): *(?P<reason>[^#}\s][^#}]{2,})")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One breach of one rule."""

    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


@dataclass(frozen=True)
class Source:
    """A file by its path in the project, with `/`."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def ending(self) -> str:
        return PurePosixPath(self.path).suffix

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file. Raises SyntaxError."""
        return ast.parse(self.text, self.path)

    def is_under(self, *folders: str) -> bool:
        return self.path.startswith(tuple(f"{folder}/" for folder in folders))

    def allows(self, rule: str, line: int) -> bool:
        """Whether this line, or the one above, lets a breach of the rule through and says why."""
        around = self.lines[max(line - 2, 0) : line]
        return any(found["rule"] == rule for text in around for found in ALLOW.finditer(text))

    def finding(self, line: int, rule: str, what: str) -> Finding:
        return Finding(self.path, line, rule, what)


Check = Callable[[Source], Iterator[Finding]]
