"""As whom PostgreSQL runs. It refuses to run as root, and we make no users.

An ordinary user runs it as themselves. Root hands it to `nobody`; where `nobody` cannot reach the programs or the data
(a directory that is closed to others), a user namespace lets root look like an ordinary user to PostgreSQL.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.stack.errors import StackError

UNPRIVILEGED = "nobody"
PROBE_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class RunAs:
    """A way to start a program: what stands before its argv, and the user it gets (None: the present one)."""

    prefix: tuple[str, ...] = ()
    user: str | None = None

    def own(self, path: Path) -> None:
        """Give a directory and all in it to the one who will work in it. Does nothing for ordinary users."""
        if os.geteuid() != 0:
            return
        uid, gid = _ids(self.user)
        if path.stat().st_uid == uid:
            return
        for directory, _, files in os.walk(path):
            os.chown(directory, uid, gid)
            for name in files:
                os.chown(Path(directory, name), uid, gid, follow_symlinks=False)

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, with its output as text."""
        return subprocess.run(
            [*self.prefix, *argv],
            cwd="/",
            env=plain_environment(),
            user=self.user,
            group=None if self.user is None else _ids(self.user)[1],
            extra_groups=None if self.user is None else [],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=120,
        )


def choose_run_as(program: Path, parent: Path) -> RunAs:
    """How to run `program` with its data in a directory under `parent`. Raises StackError if there is no way."""
    if os.geteuid() != 0:
        return RunAs()
    nobody = RunAs(user=UNPRIVILEGED)
    if _user_exists(UNPRIVILEGED) and _works(nobody, program) and _can_enter(nobody, parent):
        return nobody
    unshare = shutil.which("unshare")
    if unshare:
        namespace = RunAs(prefix=(unshare, "-U", "--map-user=1000", "--map-group=1000", "--"))
        if _works(namespace, program):
            return namespace
    raise StackError(
        f"PostgreSQL does not run as root, and the user {UNPRIVILEGED} cannot reach {program.parent} or {parent}: "
        "run this as an ordinary user, or set DATABASE_URL."
    )


def plain_environment() -> dict[str, str]:
    """An environment in which a server behaves the same everywhere (messages in English, UTC)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _works(way: RunAs, program: Path) -> bool:
    try:
        return way.run([str(program), "--version"]).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _can_enter(way: RunAs, directory: Path) -> bool:
    return way.run(["test", "-x", str(directory)]).returncode == 0


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _ids(user: str | None) -> tuple[int, int]:
    if user is None:
        return os.geteuid(), os.getegid()
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid
