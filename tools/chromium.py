"""Find Debian's Chromium for the browser tests, and get it if this machine lets us, else say what is left out."""

import os
import shutil
import subprocess
import sys

# The headless shell is the same Chromium without windows: it opens a page in a third of the time.
SHELL = "chromium-headless-shell"
PROGRAMS = (SHELL, "chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The path of the program that tests drive, or None if there is none."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


def main() -> int:
    """Never fails: without a browser the browser tests are skipped, and it says so."""
    if shutil.which(SHELL):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"setup: installing {SHELL} for the browser tests", flush=True)
        apt("update")
        apt("install", SHELL)
        if not find():
            apt("install", "chromium")  # Older releases of Debian have no package of the shell alone.
    if not find():
        print(
            f"setup: there is no Chromium here: the tests marked `browser` are skipped (apt-get install {SHELL})",
            file=sys.stderr,
        )
    return 0


def apt(act: str, *packages: str) -> None:
    """Whether it went well is seen by what is there afterwards."""
    options = ["-y", "--no-install-recommends"] if packages else []
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["apt-get", "-qq", act, *options, *packages], env=environment, stdout=subprocess.DEVNULL, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
