"""Which Python the virtual environment is made of: the quickest here. Standard library only.

Everything is as quick as its interpreter, and one built without profile-guided optimisation, as version managers build
it unless told to, takes half as long again as a distribution's.
"""

import os
import subprocess
import sys
from pathlib import Path

# What a page does, in small: dictionaries, strings, calls. Prints the time and where this Python stands. Without
# venv and ensurepip, which Debian has in a package of its own, no environment can be made of it.
PROBE = """
import ensurepip, sys, time, venv

def work():
    kept = {}
    for n in range(40_000):
        kept[n % 100] = kept.get(n % 100, 0) + len(f"a{n}".split("1"))

def taken():
    begun = time.process_time()
    work()
    return time.process_time() - begun

print(min(taken() for _ in range(5)))
print(getattr(sys, "_base_executable", sys.executable))
"""
PROBE_TIMEOUT_S = 20
# Another one is taken only if it is quicker than chance makes it: it needs this part of the first one's time at most.
CLEARLY_QUICKER = 0.85


def quickest(given: str) -> str:
    """The interpreter to use: `given`, unless one of its version is clearly quicker."""
    own = time_of(given)
    if own is None:
        return given
    others = [measured for place in candidates() if (measured := time_of(place)) is not None]
    best = min([own, *others])
    return best[1] if best[0] < own[0] * CLEARLY_QUICKER else given


def candidates() -> list[str]:
    """Programs of this minor version, on the search path and where distributions have theirs."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"]
    found = {os.path.realpath(program) for folder in folders if (program := Path(folder or ".", name)).is_file()}
    return sorted(found)


def time_of(program: str) -> tuple[float, str] | None:
    """Seconds of processor time for the work, and where that Python stands; None if it makes no environments."""
    try:
        # In isolation: nothing of who calls this has a say in which modules are found.
        probe = subprocess.run(
            [program, "-I", "-c", PROBE], check=False, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if probe.returncode:
        return None
    seconds, place = probe.stdout.splitlines()
    return float(seconds), place
