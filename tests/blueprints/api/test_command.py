"""`portal api-key`: make, list and revoke a key, as an operator types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blueprints.api.conftest import Api, World, data

ROOT = Path(__file__).parents[3]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(environment: dict[str, str]) -> Command:
    """The command in a process of its own, on the tests' database."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", "api-key", *words],
            env={**os.environ, **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_key_is_made_shown_once_listed_and_revoked(world: World, command: Command) -> None:
    options = ("--user", "bea@example.com", "--channel", "us", "--name", "Kiosk 4")
    made = command("make", *options, "--permission", "cart:edit", "--days", "3")
    assert made.returncode == 0, made.stderr
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
        assert (result.returncode, result.stdout) == (2, "")
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
