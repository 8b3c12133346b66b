"""`python -m examples.kiosk`: a kiosk in the terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from examples.kiosk.sale import Counter, Kiosk
from examples.kiosk.till import Till
from examples.portal_api import Portal, RefusedError, UnreachableError


def main() -> int:
    """Sell until `quit`. Returns 1 when the portal does not let us in."""
    words = argparse.ArgumentParser(prog="python -m examples.kiosk", description="A till without a cashier.")
    words.add_argument("--portal", required=True, help="where the portal is, such as https://mall.example")
    words.add_argument("--counter", type=Path, required=True, help="a file with the kiosk's address and e-mail")
    words.add_argument("--journal", type=Path, default=Path("kiosk-sale.json"), help="where an open sale is kept")
    given = words.parse_args()
    counter = Counter(**json.loads(given.counter.read_text()))
    kiosk = Kiosk(Portal(given.portal, os.environ.get("PORTAL_KEY", "")), counter, given.journal)
    try:
        Till(kiosk, _ask, _say).run()
    except (RefusedError, UnreachableError) as refusal:
        sys.stderr.write(f"The portal does not let us in: {refusal}\n")
        return 1
    return 0


def _ask(words: str) -> str:
    return input(words)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
