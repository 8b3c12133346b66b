"""Print the rows of the register and the lines of the checklist that no test shows; with --all, all and their tests."""

from __future__ import annotations

import sys

from tools.lint.words import known_lines, known_requirements
from tools.trace.read import ROOT, shown_by, without_test

if __name__ == "__main__":
    shown = shown_by(ROOT / "tests")
    for known, name in ((known_requirements(), "rows of the register"), (known_lines(), "lines of the checklist")):
        if "--all" in sys.argv[1:]:
            for one in sorted(known):
                print(one, *shown.get(one, ["-"]), sep="\n    ")
        missing = without_test(shown, known)
        print(f"{len(known) - len(missing)} of {len(known)} {name} are shown by tests.")
        if missing:
            print("Without a test:", *missing)
