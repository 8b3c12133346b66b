"""What is embedded, decided from the operator's environment."""

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.config import ConfigurationError
from portal.stack import ports
from portal.stack.errors import StackError
from portal.stack.home import Home, running_environment
from portal.stack.parts import Part, Stage
from portal.stack.plan import make_plan
from portal.stack.table import build_table
from sandbox.config import from_arguments


def test_a_demo_that_names_nothing_gets_everything(home: Home, port: str) -> None:
    plan = make_plan(home, {"PORT": port})
    assert plan.settings.is_demo
    assert plan.postgres is not None
    assert plan.settings.database_url == plan.postgres.url()
    assert plan.redis is not None
    assert plan.settings.redis_url == plan.redis.url()
    assert plan.settings.stripe_api_base == plan.settings.sandbox_url
    assert plan.settings.smtp_url == f"smtp://127.0.0.1:{plan.smtp_port}"


def test_the_parts_come_in_the_order_of_their_needs(home: Home, port: str) -> None:
    table = build_table(make_plan(home, {"PORT": port}))
    names = [
        "postgres",
        "redis",
        "migrations",
        "demo data",
        "sandbox",
        "mail",
        "live",
        "worker",
        "relay",
        "clock",
        "web",
    ]
    assert [entry.name for entry in table] == names
    stages = [entry.stage for entry in table if isinstance(entry, Part)]
    assert stages == sorted(stages)


def test_the_secrets_of_a_demo_stay_with_its_data(home: Home, port: str) -> None:
    first, second = make_plan(home, {"PORT": port}), make_plan(home, {"PORT": port})
    assert first.settings.secret_key == second.settings.secret_key
    assert first.settings.encryption_keys == second.settings.encryption_keys
    assert stat.S_IMODE((home.path / "secrets.json").stat().st_mode) == 0o600


def test_a_key_that_begins_with_a_dash_is_no_option(home: Home, port: str) -> None:
    make_plan(home, {"PORT": port})
    kept = home.path / "secrets.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"PORTONE_API_SECRET": "-dashed"}))
    table = build_table(make_plan(home, {"PORT": port}))
    sandbox = next(entry for entry in table if isinstance(entry, Part) and entry.name == "sandbox")
    assert from_arguments(list(sandbox.argv[3:])).portone_api_secret == "-dashed"


def test_servers_that_are_named_are_not_embedded(home: Home, port: str) -> None:
    own = {"DATABASE_URL": "postgresql://db/portal", "REDIS_URL": "redis://cache/1", "SMTP_URL": "smtp://mail:25"}
    plan = make_plan(home, {"PORT": port, **own})
    assert (plan.postgres, plan.redis, plan.smtp_port) == (None, None, None)
    assert plan.settings.smtp_url == "smtp://mail:25"
    names = {entry.name for entry in build_table(plan)}
    assert not names & {"postgres", "redis", "mail"}


def test_a_vendors_own_key_goes_to_the_vendor(home: Home, port: str) -> None:
    plan = make_plan(home, {"PORT": port, "STRIPE_SECRET_KEY": "sk_test_of_ones_own"})
    assert plan.settings.stripe_api_base == "https://api.stripe.com"
    assert plan.settings.stripe_js_url.startswith("https://js.stripe.com/")
    assert plan.settings.stripe_webhook_secrets == ()
    assert plan.settings.paylink_api_base == plan.settings.sandbox_url


def test_production_embeds_nothing_and_makes_no_secret(home: Home, port: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set"):
        make_plan(home, {"PORT": port, "PORTAL_ENV": "production"})
    assert not (home.path / "secrets.json").exists()
    given = {
        "PORTAL_ENV": "production",
        "SECRET_KEY": home.secrets()["SECRET_KEY"],
        "PORTAL_ENCRYPTION_KEYS": home.secrets()["PORTAL_ENCRYPTION_KEYS"],
        "DATABASE_URL": "postgresql://db/portal",
        "REDIS_URL": "redis://cache/1",
    }
    table = build_table(make_plan(home, {"PORT": port, **given}))
    assert [entry.name for entry in table] == ["migrations", "live", "worker", "relay", "clock", "web"]
    assert {entry.stage for entry in table if isinstance(entry, Part)} == {Stage.PORTAL}


def test_a_helpers_port_moves_on_and_a_named_one_does_not(home: Home, port: str) -> None:
    with socket.create_server(("127.0.0.1", int(port) + 1)):
        assert make_plan(home, {"PORT": port}).settings.live_port > int(port) + 1
        with pytest.raises(StackError, match=r"\(LIVE_PORT\) is taken by another program"):
            make_plan(home, {"PORT": port, "LIVE_PORT": str(int(port) + 1)})


@pytest.mark.parametrize("wrong", ["0", "70000", "http"])
def test_a_port_that_is_none_is_one_sentence(home: Home, wrong: str) -> None:
    with pytest.raises(StackError, match="PORT must be a port between 1 and 65535"):
        make_plan(home, {"PORT": wrong})


def test_a_spoilt_secrets_file_is_not_replaced(home: Home, port: str) -> None:
    (home.path / "secrets.json").write_text("{")
    with pytest.raises(StackError, match=r"secrets\.json cannot be read"):
        make_plan(home, {"PORT": port})
    assert (home.path / "secrets.json").read_text() == "{"


def test_commands_find_the_running_portal(home: Home) -> None:
    env = {"PORTAL_HOME": str(home.path)}
    assert running_environment(env) == {}
    home.write_environment({"DATABASE_URL": "postgresql://x/y"})
    assert running_environment(env) == {"DATABASE_URL": "postgresql://x/y"}
    assert stat.S_IMODE((home.run / "environment.json").stat().st_mode) == 0o600
    # One's own database is one's own: nothing of the running portal is mixed in.
    assert running_environment({**env, "DATABASE_URL": "postgresql://mine/y"}) == {}
    home.forget_environment()
    assert running_environment(env) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StackError, match="cannot be used"):
        Home(tmp_path / "home").open()


def test_a_file_in_the_place_of_the_home_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text(json.dumps({}))
    with pytest.raises(StackError, match="cannot be used"):
        Home(tmp_path / "home").open()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    home.open()
    yield home
    home.close()


@pytest.fixture
def port() -> str:
    """A port whose neighbours are free as well."""
    for _ in range(100):
        port = ports.free_port()
        if port + 3 <= ports.PORT_MAX and all(ports.is_free(port + n) for n in range(4)):
            return str(port)
    raise AssertionError("No four free ports in a row.")
