"""Make the virtual environment with the pinned dependencies. Standard library only: this runs before anything is there.

    python3.11 -m tools.setup run              what the portal needs
    python3.11 -m tools.setup dev              what its tests need too
    python3.11 -m tools.setup dev --quickest   of the quickest Python 3.11 here, not of this one

Done again it does nothing until a lock file changes. Two at a time wait for each other.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tools.interpreters import quickest

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("PORTAL_VENV") or ROOT / ".venv").absolute()
VENV_PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
# Which sets a set includes: who has installed `dev` has `run`.
INCLUDES = {"run": ("run",), "dev": ("run", "dev")}


def main() -> int:
    """Bring the environment up to date. Returns the exit code."""
    if sys.version_info < OLDEST:
        return refuse(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: name one with PYTHON=….")
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    if wanted not in INCLUDES:
        return refuse(f"Say `run` or `dev`, not `{wanted}`.")
    try:
        VENV.mkdir(parents=True, exist_ok=True)
        with (VENV / ".setup.lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            return 0 if is_current(wanted) else install(wanted, seeks="--quickest" in sys.argv)
    except OSError as error:
        return refuse(f"The virtual environment {VENV} cannot be made: {error.strerror or error}.")


def is_current(name: str) -> bool:
    """Whether the set was installed from the lock file as it is now, and the environment still works."""
    stamp = stamp_of(name)
    return VENV_PYTHON.exists() and stamp.exists() and stamp.read_text() == hash_of(name)


def install(name: str, *, seeks: bool) -> int:
    """Make the environment if need be and install the set. Returns the exit code."""
    if not VENV_PYTHON.exists() or not works():
        python = quickest(sys.executable) if seeks else sys.executable
        print(f"setup: making {VENV} of {python}", flush=True)
        # Over what may be there: a running portal keeps its files, and a missing pip is added.
        if subprocess.run([python, "-m", "venv", str(VENV)], check=False).returncode:
            return refuse("`python -m venv` failed, see above: on Debian it needs the package python3-venv.")
    for included in INCLUDES[name]:
        stamp_of(included).unlink(missing_ok=True)
    print(f"setup: installing the pinned packages of requirements/{name}.txt; this takes a minute", flush=True)
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    # The lock file names everything. Older pips, asked to resolve it, take a newer release of what an extra names
    # (`pydantic[email]`) than the pinned one, and then refuse it for having no hash.
    command += ["--no-deps", "--require-hashes", "--requirement", str(lock_file(name))]
    if subprocess.run(command, check=False).returncode:
        return refuse("The packages could not be installed, see above: is the package index reachable, the disk full?")
    for included in INCLUDES[name]:
        stamp_of(included).write_text(hash_of(included))
    return 0


def works() -> bool:
    """Whether the environment is whole: its Python starts and has pip."""
    probe = [str(VENV_PYTHON), "-c", f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def stamp_of(name: str) -> Path:
    return VENV / f".installed-{name}"


def hash_of(name: str) -> str:
    return hashlib.sha256(lock_file(name).read_bytes()).hexdigest()


def refuse(sentence: str) -> int:
    print(f"setup: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
