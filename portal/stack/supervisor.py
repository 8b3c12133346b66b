"""Starts the parts in order, starts again what dies, stops all in reverse order.

One thread and one loop: the death of the supervisor is the death of its children (see processes.die_with_parent), and
that is counted by thread. What it knows on disk is only for the next start, which ends what a killed one left.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from portal.stack import leftovers, processes
from portal.stack.errors import StackError
from portal.stack.home import Home
from portal.stack.logs import rotate
from portal.stack.parts import Part, Stage, Step

TICK_S = 0.25
READY_POLL_S = 0.05
BACK_OFF_FIRST_S = 0.1
BACK_OFF_MAX_S = 15.0
STEADY_AFTER_S = 60.0  # Who ran this long begins with the shortest back-off again.
ROTATE_EVERY_S = 10.0

Say = Callable[[str], None]


class StoppedError(Exception):
    """A signal asked us to stop while something was being started."""


@dataclass(slots=True)
class _Running:
    """A part and its present process, if it has one."""

    part: Part
    child: "subprocess.Popen[bytes] | None" = None
    started_at_s: float = 0.0
    log_offset: int = 0
    deaths: int = 0
    start_due_s: float = 0.0
    is_up: bool = False


@dataclass(slots=True)
class Supervisor:
    """Runs a table of parts and steps on an opened home until a signal asks to stop."""

    home: Home
    table: Sequence[Part | Step]
    say: Say
    _running: list[_Running] = field(default_factory=list)
    _stop_signals: int = 0
    _wake_fd: int = -1
    _rotated_at_s: float = 0.0

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, call `on_ready`, tend it until SIGINT or SIGTERM, stop everything.

        Raises StackError if something does not start; everything is stopped by then.
        """
        self._listen()
        try:
            leftovers.sweep(self.home)
            for entry in self.table:
                if isinstance(entry, Step):
                    self._run_step(entry)
                else:
                    self._bring_up(entry)
            on_ready()
            while not self._stop_signals:
                self._tend()
                self._wait(TICK_S)
        except StoppedError:
            pass
        finally:
            self._stop_all()

    def _listen(self) -> None:
        read, write = os.pipe()
        for fd in (read, write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        self._wake_fd = read
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # Only to wake the loop.

    def _on_stop_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop_signals += 1

    def _wait(self, seconds: float) -> None:
        """Wait for a signal (a child's death is one) or for the time to pass."""
        if select.select([self._wake_fd], [], [], seconds)[0]:
            os.read(self._wake_fd, 4096)

    def _check_stop(self) -> None:
        if self._stop_signals:
            raise StoppedError

    def _run_step(self, step: Step) -> None:
        self._check_stop()
        if step.needed is not None and not step.needed():
            return
        child = processes.spawn(step.argv, env=step.env, cwd=step.cwd, log_path=None)
        try:
            while child.poll() is None:
                self._check_stop()
                self._tend()
                self._wait(TICK_S)
        finally:
            _end_group(child)
        if child.returncode:
            raise StackError(step.failure or f"{step.name} failed (exit code {child.returncode}).")

    def _bring_up(self, part: Part) -> None:
        self._check_stop()
        running = _Running(part)
        self._running.append(running)
        began_s = time.monotonic()
        self._start(running)
        deadline = began_s + part.ready_timeout_s
        while not self._looks_ready(running):
            self._check_stop()
            if running.child is not None and _has_ended(running.child):
                raise self._why_not(running)
            if time.monotonic() > deadline:
                log_path = self.home.log(part.name)
                raise StackError(
                    f"{part.name} did not answer within {part.ready_timeout_s:.0f} seconds; see {log_path}."
                )
            self._tend(except_for=running)
            self._wait(READY_POLL_S)
        running.is_up = True
        if part.after_start is not None:
            part.after_start()
        if not part.quiet:
            self.say(f"{part.name} is up ({time.monotonic() - began_s:.1f} s)")

    def _start(self, running: _Running) -> None:
        part = running.part
        if part.prepare is not None:
            part.prepare()
        log_path = self.home.log(part.name)
        running.log_offset = processes.size_of(log_path)
        running.child = processes.spawn(
            part.argv,
            env=part.env,
            cwd=part.cwd,
            log_path=log_path,
            user=part.user,
            death_signal=part.stop_signal,
        )
        running.started_at_s = time.monotonic()
        running.is_up = False
        leftovers.remember(self.home, {r.part.name: r.child.pid for r in self._running if r.child is not None})

    def _looks_ready(self, running: _Running) -> bool:
        """Whether a part answers. One that refuses for good is ended. Raises its StackError."""
        try:
            return running.part.is_ready is None or running.part.is_ready()
        except StackError:
            if running.child is not None:
                running.child.send_signal(running.part.abort_signal)
            raise

    def _why_not(self, running: _Running) -> StackError:
        part = running.part
        if part.explain is not None:
            return part.explain(running.log_offset)
        log_path = self.home.log(part.name)
        lines = [line for line in processes.text_from(log_path, running.log_offset).splitlines() if line.strip()]
        last = lines[-1].strip() if lines else "it said nothing"
        return StackError(f"{part.name} did not start: {last} (see {log_path}).")

    def _tend(self, except_for: _Running | None = None) -> None:
        """One round: notice deaths, start again what is due, keep the logs small."""
        now = time.monotonic()
        for running in self._running:
            if running is except_for:
                continue
            if running.child is not None and _has_ended(running.child):
                self._bury(running, now)
            if running.child is None and now >= running.start_due_s:
                self._start_again(running, now)
            elif running.child is not None and not running.is_up:
                self._greet_again(running)
        if now - self._rotated_at_s > ROTATE_EVERY_S:
            self._rotated_at_s = now
            rotate(self.home.path / "logs")

    def _bury(self, running: _Running, now: float) -> None:
        """Clear away what a dead part left of itself, and set the time of its next start."""
        child = running.child
        if child is None:
            return
        _end_group(child)
        running.child = None
        running.is_up = False
        running.deaths = 1 if now - running.started_at_s > STEADY_AFTER_S else running.deaths + 1
        delay = min(BACK_OFF_FIRST_S * 2 ** (running.deaths - 1), BACK_OFF_MAX_S)
        running.start_due_s = now + delay
        how = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
        self.say(f"{running.part.name} ended ({how}); starting it again. Its log: {self.home.log(running.part.name)}")

    def _start_again(self, running: _Running, now: float) -> None:
        try:
            self._start(running)
        except (StackError, OSError) as error:
            running.deaths += 1
            running.start_due_s = now + min(BACK_OFF_FIRST_S * 2**running.deaths, BACK_OFF_MAX_S)
            self.say(f"{running.part.name} could not be started: {error}")

    def _greet_again(self, running: _Running) -> None:
        """Say that a part is back; one that refuses for good is ended, and tried again later."""
        try:
            running.is_up = self._looks_ready(running)
        except StackError as error:
            self.say(str(error))
            return
        if running.is_up:
            self.say(f"{running.part.name} is up again")

    def _stop_all(self) -> None:
        for stage in sorted(Stage, reverse=True):
            at_stage = [r for r in reversed(self._running) if r.part.stage == stage and r.child is not None]
            for running in at_stage:
                if running.child is not None and not _has_ended(running.child):
                    running.child.send_signal(running.part.stop_signal)
            for running in at_stage:
                self._await_end(running)
        leftovers.remember(self.home, {})

    def _await_end(self, running: _Running) -> None:
        """Wait for a part that was asked to stop; a second Ctrl-C is not patient with programs that hold no data."""
        child, part = running.child, running.part
        if child is None:
            return
        deadline = time.monotonic() + part.stop_timeout_s
        while not _has_ended(child):
            hurried = self._stop_signals > 1 and part.stage > Stage.QUEUE
            if hurried or time.monotonic() > deadline:
                break
            self._wait(READY_POLL_S)
        _end_group(child)
        running.child = None


def _has_ended(child: "subprocess.Popen[bytes]") -> bool:
    """Whether the child has ended, without collecting it: its pid, and so its group, cannot be another's until then."""
    if child.returncode is not None:
        return True
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a child and of the processes it started, and collect it."""
    if child.returncode is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()
        child.wait()


def project_root() -> Path:
    """Where the code is: the directory that holds the package `portal`."""
    return Path(__file__).parents[2]
