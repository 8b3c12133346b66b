"""The catalogues: the .po files are the source and stand in git, the .mo files beside them are made from them.

A .mo carries the time of the .po it was made from, so a look at two times says whether it is the right one, also after
an older .po was checked out.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.support import NullTranslations

FOLDER = Path(__file__).parent


def compile_catalogues(folder: Path = FOLDER) -> list[Path]:
    """Bring every .mo up to date and return those that were made anew.

    Takes a millisecond when there is nothing to do, and is safe in several processes at once. Raises OSError where the
    folder cannot be written to; ValueError if a catalogue cannot be read.
    """
    return [_compile(source) for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if not is_current(source)]


@cache
def translations_of(locale: str) -> NullTranslations:
    """The sentences of a language, for what is no page; as they are written where it has no catalogue.

    They are read once: reading them takes longer than setting a document.
    """
    from babel.support import Translations

    return Translations.load(str(FOLDER), [locale])


def is_current(source: Path) -> bool:
    """Whether the .mo beside this .po was made from it as it is now."""
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime_ns == source.stat().st_mtime_ns


def _compile(source: Path) -> Path:
    # Imported here because a start with nothing to do goes without them.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = source.with_suffix(".mo")
    made_at_ns = source.stat().st_mtime_ns
    with source.open("rb") as text:
        catalogue = read_po(text, locale=source.parts[-3], abort_invalid=True)
    # Moved into place as a whole: another process may be reading the old one.
    handle, name = tempfile.mkstemp(dir=source.parent, prefix=".", suffix=".mo")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as binary:
            write_mo(binary, catalogue)
        part.chmod(0o644)
        os.utime(part, ns=(made_at_ns, made_at_ns))
        part.replace(compiled)
    finally:
        part.unlink(missing_ok=True)
    return compiled
