"""What processes have used, read from /proc: processor time by part of the portal, and memory."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat from the state (the third) on.
_PPID, _UTIME, _STIME, _CUTIME, _CSTIME, _THREADS = 1, 11, 12, 13, 14, 17
# Parts of the table in portal/stack that are shown together.
GROUPS: Mapping[str, str] = {
    "web": "web",
    "worker": "workers",
    "relay": "relay, live, clock",
    "live": "relay, live, clock",
    "clock": "relay, live, clock",
    "postgres": "database",
    "redis": "redis",
    "sandbox": "sandbox",
    "mail": "mail catcher",
}
# Stand-ins and helpers are no part of the server whose memory is told.
NOT_SERVER = {"sandbox", "mail catcher"}


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: shared pages counted in proportion (PSS), or in every process that has them (RSS)."""

    pss: int
    rss: int


def parts_of(home: Path) -> dict[str, int]:
    """The pids of the running parts of a home by the group they are shown in, from the supervisor's table."""
    known = json.loads((home / "run" / "processes.json").read_text())
    return {name: int(mark[0]) for name, mark in known.items() if name in GROUPS}


def cpu_by_group(parts: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds used so far by every group: its processes, their children, and children that have ended."""
    children = _children()
    used: dict[str, float] = defaultdict(float)
    for name, pid in parts.items():
        for one in _tree(pid, children):
            fields = _stat(one)
            if fields is not None:
                ticks = sum(int(fields[at]) for at in (_UTIME, _STIME, _CUTIME, _CSTIME))
                used[GROUPS[name]] += ticks / TICKS_PER_S
    return dict(used)


def threads_of(pid: int) -> int:
    """How many threads a process and its children have."""
    found = [_stat(one) for one in _tree(pid, _children())]
    return sum(int(fields[_THREADS]) for fields in found if fields is not None)


def memory_of(parts: Mapping[str, int]) -> Memory:
    """Memory of the server's processes: web, workers, relay, live, clock, database, Redis."""
    children = _children()
    pids = {one for name, pid in parts.items() if GROUPS[name] not in NOT_SERVER for one in _tree(pid, children)}
    sums: dict[str, int] = defaultdict(int)
    for pid in pids:
        for name, size in _rollup(pid).items():
            sums[name] += size
    return Memory(pss=sums["Pss"], rss=sums["Rss"])


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields is not None:
                found[int(fields[_PPID])].append(int(entry.name))
    return found


def _tree(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    pids, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        pids.append(one)
        waiting += children.get(one, [])
    return pids


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _rollup(pid: int) -> dict[str, int]:
    """Pss and Rss in bytes; of a process of somebody else RSS stands for both."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        fields = _stat(pid)
        rss = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") if fields else 0
        return {"Pss": rss, "Rss": rss}
    sizes = (line.split() for line in lines)
    return {words[0][:-1]: int(words[1]) * 1024 for words in sizes if words[0] in {"Pss:", "Rss:"}}
