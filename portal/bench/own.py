"""A portal of the bench's own: started like any other by `portal up`, on a directory that is thrown away afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.stack import ports, processes
from portal.stack.errors import StackError
from portal.stack.home import running_environment
from portal.stack.supervisor import project_root
from portal.stack.up import SHARED_NAMES, SHARED_PREFIXES

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0
POLL_S = 0.2
# What an operator may say about the portal to be measured; everything else is chosen here.
TUNING = ("WEB_WORKERS", "WEB_THREADS", "WORKER_THREADS")


@dataclass(frozen=True, slots=True)
class Running:
    """A portal that answers: where, with which settings, and its home."""

    base: str
    env: Mapping[str, str]
    home: Path


@contextlib.contextmanager
def own_portal(env: Mapping[str, str]) -> Iterator[Running]:
    """Start everything with the demo mall and give it; stop it and forget its data at the end. Raises StackError."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as directory:
        Path(directory).chmod(0o711)  # The database may run as another user, who passes through to its own data.
        home = Path(directory) / "home"
        port = ports.free_port()
        plain = {name: value for name, value in env.items() if name in TUNING or not _is_ours(name)}
        settings = {**plain, "PORTAL_ENV": "demo", "PORTAL_HOME": str(home), "PORT": str(port)}
        log = Path(directory) / "up.log"
        child = processes.spawn(
            (sys.executable, "-m", "portal.cli", "up"), env=settings, cwd=project_root(), log_path=log
        )
        try:
            _wait(child, log)
            yield Running(f"http://127.0.0.1:{port}", running_environment({"PORTAL_HOME": str(home)}), home)
        finally:
            _stop(child)


def _is_ours(name: str) -> bool:
    return name.startswith(SHARED_PREFIXES) or name in SHARED_NAMES


def _wait(child: subprocess.Popen[bytes], log: Path) -> None:
    def is_ready() -> bool:
        return child.poll() is not None or "Portal is ready." in processes.text_from(log, 0)

    ready = processes.wait_until(is_ready, timeout_s=START_TIMEOUT_S, poll_s=POLL_S)
    if child.poll() is not None or not ready:
        lines = [line for line in processes.text_from(log, 0).splitlines() if line.strip()]
        raise StackError(f"The portal to be measured did not start: {lines[-1] if lines else 'it said nothing'}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask it to stop its parts in order, and wait."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
