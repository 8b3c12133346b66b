"""Facts about processes, and ways to start and end them, that outlive the death of whoever started them."""

import contextlib
import ctypes
import os
import pwd
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_S = 0.02

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sig: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `sig` to the child when the starter dies, however it dies."""
    parent_pid = os.getpid()

    def in_child() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
            if os.getppid() != parent_pid:  # It died between fork and prctl.
                os.kill(os.getpid(), sig)

    return in_child


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log_path: Path | None,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Start a program as our child, in a session of its own, that gets `death_signal` when we die.

    Its output goes to the end of `log_path`, or to our terminal without one. The death counts by thread: call this from
    a thread that lives as long as the child shall.
    """
    with contextlib.ExitStack() as stack:
        log = None
        if log_path is not None:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context(log_path.open("ab"))
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops the parts in order.
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            preexec_fn=die_with_parent(death_signal),
        )


def size_of(path: Path) -> int:
    """The size of a file in bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def text_from(path: Path, offset: int) -> str:
    """What was written to a log from `offset` on; nothing if it is not there."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started_ticks: int

    @classmethod
    def of(cls, pid: int) -> "ProcessMark | None":
        """The mark of a living process; None if there is none (a zombie counts as dead)."""
        fields = stat_fields(pid)
        if fields is None or fields[0] in {"Z", "X"}:
            return None
        return cls(pid, int(fields[19]))

    @classmethod
    def of_self(cls) -> "ProcessMark":
        mark = cls.of(os.getpid())
        if mark is None:  # Only where there is no /proc.
            raise RuntimeError("The embedded servers need Linux: set DATABASE_URL and REDIS_URL.")
        return mark

    def is_alive(self) -> bool:
        return ProcessMark.of(self.pid) == self


def stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state (the third) on; None if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def runs_in(pid: int, program: str, directory: Path) -> bool:
    """Whether `pid` is a living `program` whose working directory is `directory`."""
    if ProcessMark.of(pid) is None:
        return False
    try:
        # A program file that was replaced meanwhile is shown with a note behind its name.
        exe = Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
        cwd = Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return False
    return exe == program and cwd == directory.resolve()


def end_process(pid: int, sig: signal.Signals, *, timeout_s: float) -> bool:
    """Ask a process that is not our child to end, and wait. True if it is gone; never sends SIGKILL."""
    mark = ProcessMark.of(pid)
    if mark is None:
        return True
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, sig)
        return bool(select.select([handle], [], [], timeout_s)[0])
    finally:
        os.close(handle)


def wait_until(condition: Callable[[], bool], *, timeout_s: float, poll_s: float = POLL_S) -> bool:
    """Wait for a condition, looking often. False if it did not come true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)
    return True
