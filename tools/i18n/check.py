"""What is wrong with a catalogue, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from tools.i18n.sentences import key_of, marked

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
STRAY_PERCENT = re.compile(r"%(?!\(\w+\)[sd]|%)")


def problems(catalogue: Catalog, wanted: Catalog) -> list[str]:
    """One line for each sentence of `catalogue` that is missing, not translated, unsure, wrong or no longer wanted."""
    held = {key_of(message): message for message in marked(catalogue)}
    asked = {key_of(message): message for message in marked(wanted)}
    found = [f"missing: {_shown(key)}" for key in asked if key not in held]
    found += [f"obsolete: {_shown(key)}" for key in held if key not in asked]
    found += [f"obsolete: {_shown(key_of(message))}" for message in catalogue.obsolete.values()]
    for key, message in held.items():
        if key in asked:
            found += [f"{what}: {_shown(key)}" for what in _faults(message, asked[key])]
    return sorted(found)


def _faults(message: Message, asked: Message) -> Iterator[str]:
    sources = _texts(asked.id)
    translations = _texts(message.string)
    if isinstance(message.id, str) != isinstance(asked.id, str):
        yield "plural differs"
    if not all(translations) or not translations:
        yield "not translated"
        return
    if message.fuzzy:
        yield "fuzzy"
    # A translated plural may leave the number to the words only where the source does so in one of its forms.
    names = [_names(text) for text in sources]
    for text in translations:
        if _names(text) not in names:
            yield "placeholders differ"
        # Templates format every sentence, also one without placeholders: what its source has not, no translation may.
        if STRAY_PERCENT.search(text) and (any(names) or not any(STRAY_PERCENT.search(one) for one in sources)):
            yield "a % that is no placeholder"
        if text != text.strip() and sources[0] == sources[0].strip():
            yield "space at an end"


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value or ()]  # type: ignore[attr-defined]  # A plural's forms.


def _names(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def _shown(key: tuple[str | None, str]) -> str:
    context, sentence = key
    return f"{sentence!r} ({context})" if context else repr(sentence)
