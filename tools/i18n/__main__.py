"""Look after the catalogues.

python -m tools.i18n extract [LANGUAGE]   take over new sentences of the code, drop old ones; LANGUAGE begins a new one
python -m tools.i18n check                fail on sentences that are missing, not translated, unsure or wrong
python -m tools.i18n compile              make the .mo files that are out of date
"""

from __future__ import annotations

import sys

from babel import Locale
from babel.messages.catalog import Catalog

from portal.translations import FOLDER, compile_catalogues
from tools.i18n import files
from tools.i18n.check import problems
from tools.i18n.sentences import marked, sentences

WRONG, REFUSED = 1, 2


def extract(languages: list[str]) -> int:
    """Renew the named languages, or all that there are."""
    wanted = sentences()
    paths = [FOLDER / name / "LC_MESSAGES" / "messages.po" for name in languages] or files.catalogue_files()
    for path in paths:
        old = files.read(path) if path.exists() else Catalog(locale=Locale.parse(path.parts[-3]))
        new = files.renewed(old, wanted)
        changed = files.write(path, new)
        left = sum(1 for message in marked(new) if not message.string or not all(message.string))
        print(f"{path.parts[-3]}: {'renewed' if changed else 'as it was'}, {left} to translate")
    return 0


def check() -> int:
    """Print what is wrong with each catalogue."""
    wanted = sentences()
    found = [f"{p.parts[-3]}: {one}" for p in files.catalogue_files() for one in problems(files.read(p), wanted)]
    for one in found:
        print(one)
    print(f"{len(found)} findings" if found else "Every sentence is translated.")
    return WRONG if found else 0


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    match arguments:
        case ["extract", *languages]:
            return extract(languages)
        case ["check"]:
            return check()
        case ["compile"]:
            compile_catalogues()
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
