"""`portal api-key`: make, list and revoke a key, as an operator types it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from portal import cli
from portal.config import Settings
from portal.db import database
from portal.process import start
from tests.blueprints.api.conftest import Api, World, data


@dataclass
class Result:
    """What a process would have left."""

    code: object
    stdout: str
    stderr: str


Command = Callable[..., Result]


@pytest.fixture
def command(
    world: World,
    settings: Settings,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    """The command on the tests' database, and this process as it was afterwards."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["portal", "api-key", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Result(end.value.code, *capsys.readouterr())

    yield run
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")


def test_a_key_is_made_shown_once_listed_and_revoked(world: World, command: Command) -> None:
    options = ("--user", "bea@example.com", "--channel", "us", "--name", "Kiosk 4")
    made = command("make", *options, "--permission", "cart:edit", "--days", "3")
    assert made.code == 0, made.stderr
    key = made.stdout.strip()
    api = Api(world.api.client, key)
    shown = api.read("/key")
    assert (shown["name"], shown["channel"]["code"], shown["permissions"]) == ("Kiosk 4", "us", ["cart:edit"])

    listed = command("list", "--user", "bea@example.com").stdout.splitlines()
    assert len(listed) == 2
    assert key not in "".join(listed)
    line = next(one for one in listed if "Kiosk 4" in one)
    assert f"…{key[-4:]}" in line
    assert " good " in line

    client_id = line.split()[0]
    changed = command("rotate", client_id, "--overlap-hours", "2")
    assert "stays good until" in changed.stderr
    newer = Api(world.api.client, changed.stdout.strip())
    assert [one.read("/key")["hint"] for one in (api, newer)] == [newer.key[-4:]] * 2
    assert command("rotate", str(uuid.uuid4())).code == 2
    for words in ("is revoked", "was revoked before"):
        assert words in command("revoke", line.split()[0]).stderr
    assert data(api.get("/key"))["code"] == "key_revoked"


def test_what_cannot_be_is_one_sentence(world: World, command: Command) -> None:
    good = {"--user": "bea@example.com", "--channel": "kr", "--name": "a"}
    for wrong, sentence in (
        ({"--user": "nobody@example.com"}, "There is no account"),
        ({"--channel": "xx"}, "There is no channel"),
        ({"--permission": "role:grant"}, "does not have the permission"),
    ):
        result = command("make", *[word for pair in {**good, **wrong}.items() for word in pair])
        assert (result.code, result.stdout) == (2, "")
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
