"""Reads and writes the .po files: sorted by sentence and without places, so that a change shows only itself."""

from __future__ import annotations

import io
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from portal.translations import FOLDER
from tools.i18n.sentences import PROJECT, key_of, marked

LINE_WIDTH = 120


def catalogue_files(folder: Path = FOLDER) -> list[Path]:
    """The .po of every language."""
    return sorted(folder.glob("*/LC_MESSAGES/messages.po"))


def read(path: Path) -> Catalog:
    """Raises PoFileError for a file that breaks the format."""
    with path.open("rb") as text:
        return read_po(text, locale=path.parts[-3], abort_invalid=True)


def renewed(old: Catalog, wanted: Catalog) -> Catalog:
    """The wanted sentences with the translations that `old` has. What is no longer wanted goes; nothing is guessed."""
    translations = {(key_of(message), isinstance(message.id, str)): message for message in marked(old)}
    new = Catalog(locale=old.locale, project=PROJECT, charset="utf-8", fuzzy=False)
    for message in marked(wanted):
        known = translations.get((key_of(message), isinstance(message.id, str)))
        new.add(
            message.id,
            known.string if known else "",
            flags={"fuzzy"} if known and known.fuzzy else (),
            user_comments=known.user_comments if known else (),
            context=message.context,
        )
    return new


def write(path: Path, catalogue: Catalog) -> bool:
    """Write the catalogue if it differs from what is there. Returns whether it did."""
    text = formatted(catalogue)
    if path.exists() and path.read_bytes() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return True


def formatted(catalogue: Catalog) -> bytes:
    """The file's bytes: our own short head, then the messages by their sentences."""
    body = io.BytesIO()
    write_po(body, catalogue, width=LINE_WIDTH, no_location=True, omit_header=True, sort_output=True)
    return _head(catalogue).encode() + body.getvalue().lstrip(b"\n")


def _head(catalogue: Catalog) -> str:
    """Without dates and names: they would change with every extraction."""
    locale = Locale.parse(str(catalogue.locale))
    lines = (
        f"Language: {locale}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalogue.plural_forms}",
    )
    quoted = "\n".join(f'"{line}\\n"' for line in lines)
    title = f"# {locale.english_name} sentences of {PROJECT}. See docs/recipes/translate.md."
    return f'{title}\nmsgid ""\nmsgstr ""\n{quoted}\n\n'
