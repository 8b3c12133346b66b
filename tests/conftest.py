"""Fixtures that all tests share: real services, a database per test worker, an application."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.internal.conjecture import providers
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from portal.bench.own import Running, own_portal
from portal.broker import broker
from portal.config import Settings
from portal.db import database
from portal.gateways import http
from portal.kit.ids import new_token
from portal.migrate import migrate
from portal.process import start
from portal.queries.channels import forget_channels
from portal.queries.gateways import forget_gateways
from portal.queries.invariants import INVARIANTS, find_violations
from portal.queries.loyalty import forget_loyalty
from portal.queries.offers import forget_offers
from portal.queries.risk_models import forget_models
from portal.queries.risk_rules import forget_risk_rules
from portal.queries.routing_rules import forget_rules
from portal.queries.sections import forget_sections
from portal.services.accounts.throttle import throttle
from portal.services.seal_audit import seal_audit
from portal.stack.processes import wait_until
from portal.stack.testing import Services, clone_database, template_database, throwaway_services
from portal.translations import compile_catalogues
from tests.emptying import emptying, wipe
from tools.chromium import SHELL
from tools.chromium import find as find_chromium

# What is imported and collected stays to the end: until then the garbage collector would only walk through it.
gc.disable()

# Nothing here measures time: how long an example takes says how busy the machine is. What passed once passes again:
# the examples are the same in each run, but for HYPOTHESIS_PROFILE=search, which looks for new ones.
UNTIMED = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("portal", UNTIMED, derandomize=True)
hypothesis_settings.register_profile("search", UNTIMED)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "portal"))
# Nor do they depend on which of our modules are loaded by then: Hypothesis would read the constants of all of them,
# which takes each worker eight seconds the first time.
providers._get_local_constants = lambda: providers._local_constants

# The second browser, API client and so on of a test run are told apart by database and Redis number.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")


# The sealer passes by what is younger than the oldest open transaction of the server, which may be another worker's.
SEALED_WITHIN_S = 300

# How long a test waits for a gateway that never answers.
GATEWAY_PATIENCE_S = 1.0


# What a test is called tells values apart; it need not hold a file of megabytes, of which each worker tells the others.
NAME_LENGTH_MAX = 200


def pytest_make_parametrize_id(val: object) -> str | None:
    """A long text or file stands by its beginning and its length in the name of its test."""
    if isinstance(val, str | bytes) and len(val) > NAME_LENGTH_MAX:
        return f"{val[:40]!a} and so on to {len(val)}"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say before xdist asks which tests use the whole portal: one worker has them all, so that it is started once.

    They may come in any order: who kills a part waits until all is well again, and attackers have people, devices and
    networks of their own.
    """
    for item in items:
        if "portal" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("portal"))


def pytest_collection_finish() -> None:
    """What was collected is never looked at by the garbage collector, which goes to work only now."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """Stand-ins that are told never to answer are given up sooner than a vendor would be."""
    http.TOTAL_TIMEOUT_S = GATEWAY_PATIENCE_S


@pytest.fixture(scope="session")
def portal() -> Iterator[Running]:
    """Everything that `portal up` starts, with the demo mall: for journeys through it, and for killing its parts."""
    # Receivers of webhooks are programs on this machine.
    env = {**os.environ, "WEB_WORKERS": "1", "WEBHOOK_ALLOWED_TARGETS": "127.0.0.1/32"}
    with own_portal(env) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """Pages and mails are shown with the translations as they are in the source."""
    compile_catalogues()


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """A throw-away PostgreSQL and Redis, shared by all workers of this run."""
    with throwaway_services() as running:
        yield running


@pytest.fixture(scope="session")
def environment(services: Services, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a portal process of this worker, with a database made by the migrations."""
    template_database(services.database_url, migrate)
    redis_number = int("".join(filter(str.isdigit, WORKER)) or 0)
    return {
        "PORTAL_ENV": "test",
        "PORTAL_HOME": str(tmp_path_factory.mktemp("home")),
        "DATABASE_URL": clone_database(services.database_url, f"test_{WORKER}"),
        "REDIS_URL": f"{services.redis_url.rpartition('/')[0]}/{redis_number}",
        "STRIPE_SECRET_KEY": "sk_test_" + new_token(),
        "STRIPE_PUBLISHABLE_KEY": "pk_test_portal",
        "STRIPE_WEBHOOK_SECRETS": "whsec_" + new_token(),
    }


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_environment(environment)


def collect_seldom() -> None:
    """What a test leaves is soon gone; to look through it as often as a server does takes a twentieth of all time."""
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def _process(settings: Settings) -> Iterator[None]:
    start(settings, name="tests", connections=1)
    collect_seldom()
    # Races open many sessions at once; what they must not meet is the end of the pool's patience.
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")
    yield
    database.dispose()


@contextmanager
def planned_once(settings: Settings, **options: str) -> Iterator[Engine]:
    """The schema's owner on one connection, kept, on which each statement is planned once for all tests.

    Not beyond a database that a test has closed to everybody.
    """
    given = {"prepare_threshold": 0, "options": " ".join(f"-c {name}={value}" for name, value in options.items())}
    engine = create_engine(settings.database_owner_url, pool_pre_ping=True, connect_args=given)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _wipe(_process: None, settings: Settings) -> Iterator[Callable[[], None]]:
    """Empties the database of this worker."""
    # The triggers that keep the books are set aside, which only the owner of the schema can do.
    with planned_once(settings, session_replication_role="replica") as engine:
        yield partial(wipe, engine, emptying(engine))


@pytest.fixture(scope="session")
def _inspector(_process: None, settings: Settings) -> Iterator[Engine]:
    with planned_once(settings) as engine:
        yield engine


@pytest.fixture
def db(_wipe: Callable[[], None]) -> None:
    """An empty database and an empty Redis. Tests commit for real: what counts is what is committed."""
    _wipe()
    broker.client.flushdb()
    forget_channels()
    forget_risk_rules()
    forget_models()
    forget_sections()
    forget_gateways()
    forget_rules()
    forget_loyalty()
    forget_offers()
    throttle.forget()


# All invariants at once, as one statement that is planned once: most tests break none.
BROKEN = text(" UNION ALL ".join(f"SELECT {n} WHERE EXISTS ({one.query})" for n, one in enumerate(INVARIANTS)))


@pytest.fixture
def books(db: None, _inspector: Engine) -> Iterator[None]:
    """After a test that touches money, every invariant holds."""
    yield
    seal_audit_trail()
    with _inspector.begin() as connection:
        if connection.execute(BROKEN).first() is None:
            return
    # Rows that stand unsealed, because an older transaction of another worker was open, are no violation.
    seal_whole_trail()
    with database.snapshot() as opened:
        assert not {f.invariant.name: f.rows for f in find_violations(opened) if f.rows}


def seal_audit_trail() -> None:
    """Seal what the test has left, as the relay would have done."""
    with database.transaction() as opened:
        seal_audit(opened)


def seal_whole_trail() -> None:
    """Seal every row. It waits for older transactions of the whole cluster, those of other workers' tests too."""

    def is_sealed() -> bool:
        seal_audit_trail()
        with database.reading() as opened:
            return bool(
                opened.scalar(text("SELECT (SELECT count(*) FROM audit_row) = (SELECT count(*) FROM audit_link)"))
            )

    assert wait_until(is_sealed, timeout_s=SEALED_WITHIN_S)


@pytest.fixture
def session(db: None) -> Iterator[Session]:
    """A transaction of the test's own; what it leaves is committed only if the test does so through transaction()."""
    with database.transaction() as opened:
        yield opened


@pytest.fixture(scope="session")
def application(_process: None, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> APIFlask:
    from portal import create_app

    made = create_app(settings)
    collect_seldom()
    # Workers share what they have compiled of the templates.
    compiled = tmp_path_factory.getbasetemp().parent / "templates"
    compiled.mkdir(mode=0o700, exist_ok=True)
    made.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    return made


# In a container there is no user namespace for Chromium's sandbox; nothing but loopback is spoken to.
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A browser that is used again has read the scripts before.
    "--renderer-process-limit=1",
    # Pages are short-lived: what a script is compiled into a second and third time does not pay.
    "--js-flags=--no-opt,--no-maglev,--single-threaded-gc",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, one for all tests of this worker: two of Playwright's loops do not go together."""
    program = find_chromium()
    if program is None:
        pytest.skip(f"There is no Chromium on this machine; root installs it with apt-get install {SHELL}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def app(application: APIFlask, db: None) -> APIFlask:
    """The application over an empty database."""
    return application


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    """A browser that keeps cookies and has JavaScript switched off."""
    return app.test_client()
