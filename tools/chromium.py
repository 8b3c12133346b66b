"""Get Debian's Chromium for the browser tests if this machine lets us, else say what is left out."""

import os
import shutil
import subprocess
import sys

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Never fails: without a browser the browser tests are skipped, and it says so."""
    if any(shutil.which(program) for program in PROGRAMS):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("setup: installing chromium for the browser tests", flush=True)
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            command = ["apt-get", "-qq", *arguments]
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if shutil.which("chromium"):
            return 0
    print(
        "setup: there is no Chromium here: the tests marked `browser` are skipped (apt-get install chromium)",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
