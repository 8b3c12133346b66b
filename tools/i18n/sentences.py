"""What the code says: every sentence marked for the catalogue, from Python and templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.frontend import parse_mapping_cfg
from jinja2 import TemplateSyntaxError

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2)}
PROJECT = "Portal"
CALLED = re.compile(rf"\b({'|'.join(KEYWORDS)})\s*\(".encode())


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


def from_python(file: IO[bytes], keywords: Any, tags: Any, options: Any) -> Iterable[Any]:
    """What Babel finds in a file. Two of three say nothing, and are not taken apart."""
    if CALLED.search(file.read()) is None:
        return ()
    file.seek(0)
    return extract_python(file, keywords, tags, options)


def key_of(message: Message) -> tuple[str | None, str]:
    """What tells messages of a catalogue apart: context and the (singular) sentence."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def marked(catalogue: Catalog) -> list[Message]:
    """The messages without the head of the file."""
    return [message for message in catalogue if message.id]
