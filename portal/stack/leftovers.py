"""What a killed supervisor left running, found and ended at the next start.

Two traces: the pids it wrote down (with their start times, so that a later process with the same pid is left alone),
and the mark every part carries in its environment, which its own children have inherited.
"""

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from portal.stack import processes
from portal.stack.home import Home, write_private

MARK = "PORTAL_STACK_HOME"
PATIENCE_S = 5.0
# These end their own leftovers with more care, when they are prepared.
ENGINES = ("postgres", "redis")


def remember(home: Home, pids: Mapping[str, int]) -> None:
    """Write down who runs now. A full disk must not stop the portal: the mark in the environment is still there."""
    marks = {name: processes.ProcessMark.of(pid) for name, pid in pids.items()}
    known = {name: [mark.pid, mark.started_ticks] for name, mark in marks.items() if mark is not None}
    with contextlib.suppress(OSError):
        write_private(home.run / "processes.json", json.dumps(known))


def sweep(home: Home) -> None:
    """End the parts that an earlier supervisor of this home left behind."""
    left = {mark.pid: mark for mark in [*_remembered(home), *_marked(home)]}
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for mark in left.values():
            if mark.is_alive():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(mark.pid, sig)
        if processes.wait_until(lambda: not any(mark.is_alive() for mark in left.values()), timeout_s=PATIENCE_S):
            return


def _remembered(home: Home) -> list[processes.ProcessMark]:
    try:
        known = json.loads((home.run / "processes.json").read_text())
    except (OSError, ValueError):
        return []
    marks = [processes.ProcessMark(*mark) for name, mark in known.items() if name not in ENGINES]
    return [mark for mark in marks if mark.is_alive()]


def _marked(home: Home) -> list[processes.ProcessMark]:
    wanted = f"{MARK}={home.path}".encode()
    spared = _self_and_ancestors()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in spared:
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        mark = processes.ProcessMark.of(int(entry.name))
        if wanted in environment and mark is not None:
            found.append(mark)
    return found


def _self_and_ancestors() -> set[int]:
    pids, pid = set(), os.getpid()
    while pid > 1:
        pids.add(pid)
        fields = processes.stat_fields(pid)
        if fields is None:
            break
        pid = int(fields[1])
    return pids
