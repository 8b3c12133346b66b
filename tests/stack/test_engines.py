"""PostgreSQL and Redis, started, killed and started again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis as redis_client

from portal.stack import ports, postgres, processes, redis
from portal.stack.errors import StackError
from portal.stack.postgres import Postgres
from portal.stack.redis import Redis
from portal.stack.run_as import RunAs

# They share one cluster, of which each has a copy.
pytestmark = pytest.mark.xdist_group("engines")

PASSWORD = "a p@ss:word/"
START_ELSEWHERE = """
import sys
from pathlib import Path
from portal.stack import postgres
server = postgres.Postgres(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
server.prepare()
# Without the bond to its starter, as where the kernel does not offer it.
postgres.processes.die_with_parent = lambda sig: None
child = server.spawn()
postgres.wait_ready(server, child)
print(child.pid, flush=True)
import os
os._exit(0)
"""


def count_rows(server: Postgres) -> int:
    with server.connect("postgres") as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(str(row[0]))


def keep_a_row(server: Postgres) -> None:
    with server.connect("postgres") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_committed_rows_survive_the_kill_of_the_postmaster(server: Postgres) -> None:
    child = postgres.start(server)
    keep_a_row(server)
    with server.connect("postgres"):  # An open client must not hold up the next start.
        child.kill()
        child.wait()
        again = postgres.start(server)
    try:
        assert count_rows(server) == 1
    finally:
        postgres.stop_child(again)
    assert again.returncode == 0
    assert not (server.data_dir / "postmaster.pid").exists()


def test_a_server_that_outlived_its_starter_is_stopped_first(server: Postgres) -> None:
    arguments = [str(server.data_dir), server.password, str(server.port), str(server.log_path)]
    result = subprocess.run(
        [sys.executable, "-c", START_ELSEWHERE, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=Path(postgres.__file__).parents[2],
    )
    orphan = processes.ProcessMark.of(int(result.stdout))
    assert orphan is not None
    keep_a_row(server)

    child = postgres.start(replace(server, port=ports.free_port()))
    try:
        assert not orphan.is_alive()
    finally:
        postgres.stop_child(child)


def test_a_pid_file_that_names_another_program_is_no_obstacle(server: Postgres) -> None:
    server.prepare()
    (server.data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data_dir}\n0\n{server.port}\n")
    child = postgres.start(server)
    postgres.stop_child(child)
    assert processes.ProcessMark.of(os.getpid()) is not None


def test_the_database_asks_for_the_password_and_listens_to_this_machine_only(server: Postgres) -> None:
    child = postgres.start(server)
    try:
        with pytest.raises(StackError, match=r"does not know the password in secrets\.json"):
            replace(server, password="wrong").is_ready()
        with server.connect("postgres") as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            assert connection.execute("SELECT datlocale FROM pg_database LIMIT 1").fetchone() == ("C.UTF-8",)
    finally:
        postgres.stop_child(child)


def test_a_broken_directory_is_one_sentence(server: Postgres) -> None:
    server.prepare()
    (server.data_dir / "global" / "pg_control").unlink()
    with pytest.raises(StackError, match=r"is broken \(global/pg_control is missing\): restore it from a backup"):
        server.prepare()


def test_a_control_file_that_is_cut_off_is_one_sentence(server: Postgres) -> None:
    server.prepare()
    control = server.data_dir / "global" / "pg_control"
    control.write_bytes(control.read_bytes()[:100])
    with pytest.raises(StackError, match=r"is broken \(.*\): restore it from a backup"):
        postgres.start(server)


def test_a_directory_that_breaks_every_connection_is_one_sentence(server: Postgres) -> None:
    server.prepare()
    (server.data_dir / "global" / "pg_filenode.map").unlink()
    child = server.spawn()
    try:
        with pytest.raises(StackError, match=r"is broken \(could not open file .*\): restore it from a backup"):
            postgres.wait_ready(server, child)
    finally:
        postgres.stop_child(child)


def test_somebody_elses_directory_is_not_overwritten(nothing: Postgres) -> None:
    nothing.data_dir.mkdir(parents=True)
    (nothing.data_dir / "letters.txt").write_text("dear")
    with pytest.raises(StackError, match="PG_VERSION is missing"):
        nothing.prepare()
    assert (nothing.data_dir / "letters.txt").read_text() == "dear"


def test_a_full_disk_is_one_sentence(nothing: Postgres) -> None:
    with pytest.raises(StackError, match=r"is full: \d+ MB are free and \d+ MB are needed"):
        replace(nothing, free_bytes_min=2**62).prepare()
    assert not nothing.data_dir.exists()


def test_a_taken_port_is_one_sentence(server: Postgres, redis_server: Redis) -> None:
    first = redis.start(redis_server)
    try:
        with pytest.raises(StackError, match=f"PostgreSQL could not listen on port {redis_server.port}"):
            postgres.start(replace(server, port=redis_server.port))
        other = replace(redis_server, data_dir=redis_server.data_dir.with_name("other"))
        with pytest.raises(StackError, match=f"Redis could not listen on port {redis_server.port}"):
            redis.start(other)
    finally:
        redis.stop_child(first)


def test_a_half_made_cluster_is_made_anew(nothing: Postgres) -> None:
    draft = nothing.data_dir.with_name(nothing.data_dir.name + ".new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    nothing.prepare()
    assert (nothing.data_dir / "global" / "pg_control").exists()
    assert not draft.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_uses_a_namespace_where_nobody_cannot_enter(open_directory: Path) -> None:
    server = Postgres(open_directory / "data", "password", ports.free_port(), open_directory / "postgres.log")
    open_directory.chmod(0o700)
    assert server.run_as.prefix[1:2] == ("-U",)
    postgres.stop_child(postgres.start(server))
    # And back again, with the same data.
    open_directory.chmod(0o711)
    opened = replace(server, _run_as=None)
    assert opened.run_as == RunAs(user="nobody")
    postgres.stop_child(postgres.start(opened))


def test_queues_survive_the_kill_of_redis(redis_server: Redis) -> None:
    child = redis.start(redis_server)
    with redis_client.Redis.from_url(redis_server.url()) as client:
        client.rpush("queue", *range(100))
        assert client.info("persistence")["aof_enabled"] == 1
        # Everysec: wait until the file holds it, as a second of work may be lost at a power cut.
        written = redis_server.data_dir / "appendonly.aof"
        assert processes.wait_until(lambda: b"queue" in written.read_bytes(), timeout_s=30)
    child.kill()
    child.wait()
    child = redis.start(redis_server)
    try:
        with redis_client.Redis.from_url(redis_server.url()) as client:
            assert client.llen("queue") == 100
    finally:
        redis.stop_child(child)
    assert child.returncode == 0


def test_redis_wants_the_password_and_has_no_dangerous_commands(redis_server: Redis) -> None:
    child = redis.start(redis_server)
    try:
        with (
            redis_client.Redis(port=redis_server.port) as stranger,
            pytest.raises(redis_client.AuthenticationError),
        ):
            stranger.ping()
        with (
            redis_client.Redis.from_url(redis_server.url()) as client,
            pytest.raises(redis_client.ResponseError, match="unknown command"),
        ):
            client.config_get("dir")
        assert redis_server.password not in " ".join(child.args if isinstance(child.args, list) else [])
    finally:
        redis.stop_child(child)


def test_a_redis_that_outlived_its_starter_is_stopped_first(redis_server: Redis) -> None:
    orphan = redis.start(redis_server)
    again = redis.start(replace(redis_server, port=ports.free_port()))
    try:
        assert processes.ProcessMark.of(orphan.pid) is None
    finally:
        orphan.wait(10)
        redis.stop_child(again)


def test_the_server_ends_when_its_starter_is_killed(server: Postgres) -> None:
    script = START_ELSEWHERE.replace("postgres.processes.die_with_parent = lambda sig: None", "").replace(
        "os._exit(0)", "os.kill(os.getpid(), 9)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(server.data_dir), server.password, str(server.port), str(server.log_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(postgres.__file__).parents[2],
    )
    assert result.returncode == -signal.SIGKILL
    pid = int(result.stdout)
    assert processes.wait_until(lambda: processes.ProcessMark.of(pid) is None, timeout_s=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a cluster as it is made, which nobody has used: making one is most of a test's time."""
    home = tmp_path_factory.mktemp("made")
    server = Postgres(home / "data", PASSWORD, ports.free_port(), home / "postgres.log")
    server.prepare()
    return server.data_dir


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[Postgres]:
    """A server whose directory is not there yet."""
    server = Postgres(tmp_path / "data", PASSWORD, ports.free_port(), tmp_path / "postgres.log")
    yield server
    server.end_leftover()


@pytest.fixture
def server(nothing: Postgres, made: Path) -> Postgres:
    """A server whose cluster has just been made."""
    shutil.copytree(made, nothing.data_dir)
    return nothing


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "redis", "s3cret-of-redis", ports.free_port(), tmp_path / "redis.log")
    yield server
    server.end_leftover()


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other users can pass through, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="portal-open-") as directory:
        yield Path(directory)
