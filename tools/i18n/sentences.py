"""What the code says: every sentence marked for the catalogue, from Python and templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from jinja2 import Environment, TemplateSyntaxError
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2)}
PROJECT = "Portal"
CALLED = re.compile(rf"\b({'|'.join(KEYWORDS)})\s*\(|{{%[-+]?\s*trans\b".encode())
# Where, by which name, what is said, and notes for translators: Babel's own form. No catalogue has notes.
Found = tuple[int, str, Any, list[str]]


def sentences(root: Path = ROOT) -> Catalog:
    """The sentences of portal/ as a template without translations. Raises ValueError on a file that cannot be read."""
    with (root / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]  # Babel says no types here.
    found = Catalog(project=PROJECT, charset="utf-8", fuzzy=False)
    reading = ""

    def note(file: str, _method: str, _options: object) -> None:
        nonlocal reading
        reading = file

    try:
        for _file, _line, message, _comments, context in extract_from_dir(
            root / "portal", methods, options, keywords=KEYWORDS, callback=note, strip_comment_tags=True
        ):
            found.add(message, context=context)
    except (TemplateSyntaxError, SyntaxError) as error:
        raise ValueError(f"portal/{reading} cannot be read: {error}") from error
    return found


def from_python(file: IO[bytes], keywords: Iterable[str], _tags: object, **_further: object) -> Iterator[Found]:
    """The calls of a module, also those within an f-string, into which Babel's own reading does not look.

    Two of three modules have none, and are not taken apart.
    """
    source, names = file.read(), frozenset(keywords)
    if CALLED.search(source) is None:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node.lineno, name, _as_babel([_written(one) for one in (*node.args, *node.keywords)]), []


def from_template(
    file: IO[bytes], keywords: Iterable[str], _tags: object, options: Mapping[str, str]
) -> Iterator[Found]:
    """The calls and blocks of a template, as Jinja's extractor finds them: it reads each twice, once for notes."""
    source = file.read()
    if CALLED.search(source) is not None:
        tree = _environment(options.get("extensions", "")).parse(source.decode())
        for line, name, said in extract_from_ast(tree, tuple(keywords)):
            yield line, name, said, []


@lru_cache(maxsize=4)
def _environment(extensions: str) -> Environment:
    named = [one.strip() for one in extensions.split(",") if one.strip()]
    made = Environment(extensions=["jinja2.ext.i18n", *named])  # noqa: S701  # Nothing is rendered.
    made.policies["ext.i18n.trimmed"] = True
    return made


def _written(argument: ast.AST) -> str | None:
    """A sentence that is written out; None for anything else."""
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def _as_babel(arguments: list[str | None]) -> str | tuple[str | None, ...] | None:
    return arguments[0] if len(arguments) == 1 else tuple(arguments)


def key_of(message: Message) -> tuple[str | None, str]:
    """What tells messages of a catalogue apart: context and the (singular) sentence."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def marked(catalogue: Catalog) -> list[Message]:
    """The messages without the head of the file."""
    return [message for message in catalogue if message.id]
