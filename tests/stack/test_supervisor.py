"""The supervisor with toy programs: order, restarts, stopping, and what it says when it cannot."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portal.stack import leftovers, ports
from portal.stack.home import Home
from portal.stack.logs import rotate
from portal.stack.processes import ProcessMark, wait_until

ROOT = Path(leftovers.__file__).parents[2]

# A part that writes down its start and its orderly end, and has a child of its own.
TOY = """
import os, signal, subprocess, sys, threading
name, book = sys.argv[1:3]
def note(what):
    with open(book, "a") as file:
        file.write(f"{what} {name} {os.getpid()}\\n")
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
grandchild = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
note(f"start:{grandchild.pid}")
done.wait()
note("end")
grandchild.terminate()
"""

# A supervisor in a process of its own, over the toys that are named.
SUPERVISE = """
import os, signal, sys, json
from pathlib import Path
from portal.stack.errors import StackError
from portal.stack.home import Home
from portal.stack.leftovers import MARK
from portal.stack.parts import Part, Stage, Step
from portal.stack.supervisor import Supervisor
home_path, toy, book = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
env = {**os.environ, MARK: str(home_path)}
def part(name, stage, argv=None):
    def has_started():
        return any(line.split()[1] == name and line.startswith("start") for line in book.read_text().splitlines())
    argv = argv or (sys.executable, toy, name, str(book))
    return Part(name, argv, env, home_path, stage, is_ready=has_started)
write = "import sys; open(sys.argv[1], 'a').write('step migrations 0' + chr(10))"
table = [
    part("engine", Stage.DATABASE),
    Step("migrations", (sys.executable, "-c", write, str(book)), env, home_path),
    part("helper", Stage.HELPERS),
    part("pages", Stage.PORTAL),
]
if "--broken" in sys.argv:
    table.append(part("broken", Stage.PORTAL, (sys.executable, "-c", "raise SystemExit('the lamp is out')")))
def refuse():
    if any(line.split()[1] == "deaf" for line in book.read_text().splitlines()):
        raise StackError("the engine is rusty")
    return False
if "--deaf" in sys.argv:
    deaf = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "signal.signal(signal.SIGQUIT, signal.SIG_DFL); "  # A shell may have us ignore it.
        "open(sys.argv[1], 'a').write('up deaf 0' + chr(10)); signal.pause()"
    )
    argv = (sys.executable, "-c", deaf, str(book))
    refusing = {"is_ready": refuse, "stop_timeout_s": 3600, "abort_signal": signal.SIGQUIT}
    table = [Part("deaf", argv, env, home_path, Stage.DATABASE, **refusing)]
home = Home(home_path)
try:
    home.open()
    Supervisor(home, table, lambda line: print(line, flush=True)).run(lambda: print("READY", flush=True))
    home.close()
except StackError as refusal:
    print(f"REFUSED {refusal}", flush=True)
    raise SystemExit(2)
"""


@dataclass
class Stage:
    """The place where a supervisor and its toys play, and what they wrote down."""

    directory: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def book(self) -> Path:
        return self.directory / "book"

    def start(self, *options: str) -> "subprocess.Popen[str]":
        self.book.touch()
        (self.directory / "toy.py").write_text(textwrap.dedent(TOY))
        arguments = [str(self.home), str(self.directory / "toy.py"), str(self.book), *options]
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def start_ready(self) -> "subprocess.Popen[str]":
        process = self.start()
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "READY":
                return process
        raise AssertionError("The supervisor ended before it was ready.")

    def notes(self) -> list[list[str]]:
        return [line.split() for line in self.book.read_text().splitlines()]

    def pids(self, name: str) -> list[int]:
        return [int(pid) for what, who, pid in self.notes() if who == name and what.startswith("start")]

    def everyone(self) -> list[int]:
        """All toys that ever started, and their children."""
        starts = [(what, pid) for what, _, pid in self.notes() if what.startswith("start")]
        return [int(pid) for what, pid in starts] + [int(what.partition(":")[2]) for what, pid in starts]

    def all_gone(self) -> bool:
        return all(ProcessMark.of(pid) is None for pid in self.everyone())


def until(condition: Callable[[], bool]) -> None:
    assert wait_until(condition, timeout_s=60), "It did not come true within a minute."


def test_parts_start_in_order_and_stop_in_reverse(stage: Stage) -> None:
    supervisor = stage.start_ready()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == 0
    assert [[what.partition(":")[0], who] for what, who, _ in stage.notes()] == [
        ["start", "engine"],
        ["step", "migrations"],
        ["start", "helper"],
        ["start", "pages"],
        ["end", "pages"],
        ["end", "helper"],
        ["end", "engine"],
    ]
    assert stage.all_gone()


@pytest.mark.parametrize("name", ["engine", "helper", "pages"])
def test_a_killed_part_is_started_again_without_its_old_children(stage: Stage, name: str) -> None:
    supervisor = stage.start_ready()
    for times in (1, 2):
        pid = stage.pids(name)[-1]
        grandchild = int(next(w.partition(":")[2] for w, _, p in stage.notes() if p == str(pid)))
        os.kill(pid, signal.SIGKILL)
        until(lambda times=times: len(stage.pids(name)) == times + 1)  # type: ignore[misc]  # mypy does not infer a lambda's default.
        until(lambda grandchild=grandchild: ProcessMark.of(grandchild) is None)  # type: ignore[misc]  # mypy does not infer a lambda's default.
    supervisor.terminate()
    assert supervisor.wait(60) == 0
    assert stage.all_gone()


def test_parts_end_with_a_killed_supervisor_or_at_the_next_start(stage: Stage) -> None:
    supervisor = stage.start_ready()
    first = stage.everyone()
    supervisor.kill()
    supervisor.wait()
    again = stage.start_ready()
    until(lambda: all(ProcessMark.of(pid) is None for pid in first))
    again.terminate()
    assert again.wait(60) == 0
    assert stage.all_gone()


def test_the_sweep_finds_what_carries_the_mark_and_leaves_others_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.open()
    sleeper = [sys.executable, "-c", "import signal; signal.pause()"]
    left = subprocess.Popen(sleeper, env={leftovers.MARK: str(tmp_path)})
    other = subprocess.Popen(sleeper, env={leftovers.MARK: str(tmp_path / "elsewhere")})
    # A pid that was ours once and is another program's now.
    (home.run / "processes.json").write_text(json.dumps({"web": [other.pid, 1]}))
    try:
        leftovers.sweep(home)
        assert left.wait(10) == -signal.SIGTERM
        assert other.poll() is None
    finally:
        for process in (left, other):
            process.kill()
            process.wait()
        home.close()


def test_a_part_that_cannot_start_stops_all_with_one_sentence(stage: Stage) -> None:
    output, _ = stage.start("--broken").communicate(timeout=60)
    assert "REFUSED broken did not start: the lamp is out (see " in output
    assert stage.started[0].returncode == 2
    assert stage.all_gone()


def test_a_part_that_refuses_for_good_need_not_stop_in_order_before_it_is_said_why(stage: Stage) -> None:
    output, _ = stage.start("--deaf").communicate(timeout=60)
    assert output.splitlines()[-1] == "REFUSED the engine is rusty"


def test_a_second_one_on_the_same_home_is_refused_and_disturbs_nothing(stage: Stage) -> None:
    supervisor = stage.start_ready()
    output, _ = stage.start().communicate(timeout=60)
    assert output.startswith(f"REFUSED The portal is already running on {stage.home}")
    assert stage.started[1].returncode == 2
    assert len(stage.pids("pages")) == 1
    supervisor.terminate()
    assert supervisor.wait(60) == 0


def test_a_log_that_grew_is_moved_aside_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        for content in (b"first" * 10, b"second" * 10, b"third" * 10):
            writer.write(content)
            rotate(tmp_path, bytes_max=20)
        writer.write(b"now")
    assert log.read_bytes() == b"now"
    assert (tmp_path / "web.log.1").read_bytes() == b"third" * 10
    assert (tmp_path / "web.log.3").read_bytes() == b"first" * 10


def test_up_says_that_the_port_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "portal.cli", "up"],
            env={"PATH": os.environ["PATH"], "PORT": str(port), "PORTAL_HOME": str(tmp_path / "home")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert result.returncode == 2
    assert result.stderr == (
        f"portal: Port {port} (PORT) is taken by another program: choose another one with PORT=….\n"
    )
    assert not (tmp_path / "home" / "postgres").exists()


def test_up_refuses_production_without_its_secrets(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "portal.cli", "up"],
        env={
            "PATH": os.environ["PATH"],
            "PORT": str(ports.free_port()),
            "PORTAL_HOME": str(tmp_path / "home"),
            "PORTAL_ENV": "production",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 2
    assert result.stderr == "portal: SECRET_KEY is not set: give it at least 32 random bytes.\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    for process in stage.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    for pid in stage.everyone() if stage.book.exists() else []:
        if ProcessMark.of(pid) is not None:
            os.kill(pid, signal.SIGKILL)
