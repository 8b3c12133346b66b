"""Check the whole project, or the files named: python -m tools.lint [FILE...]."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.lint.run import ROOT, check, files_of

if __name__ == "__main__":
    named = [Path(name).resolve().relative_to(ROOT) for name in sys.argv[1:]]
    findings = sorted(found for path in named or files_of(ROOT) for found in check(ROOT, path))
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "The project's own rules hold.")
    sys.exit(1 if findings else 0)
