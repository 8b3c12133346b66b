"""Which parts make a running portal, as a table for the supervisor."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.config import Settings
from portal.stack import postgres, redis
from portal.stack.leftovers import MARK
from portal.stack.parts import Part, Stage, Step, accepts_tcp, answers_http
from portal.stack.plan import Plan
from portal.stack.run_as import plain_environment
from portal.stack.supervisor import project_root

# For each request that a page server works on so many may stand at its door, where who pays goes first; those who
# come later wait in the server's own line.
WAITING_FOR_EACH = 3

HEALTH_PATH = "/healthz"


def build_table(plan: Plan) -> list[Part | Step]:
    """The parts and steps in the order of their start."""
    env = {**plan.env, MARK: str(plan.settings.home), "PYTHONUNBUFFERED": "1"}
    python = PythonPart(env, project_root())
    table: list[Part | Step] = []
    if plan.postgres is not None:
        table.append(postgres_part(plan.postgres))
    if plan.redis is not None:
        table.append(redis_part(plan.redis))
    table.append(
        Step(
            "migrations",
            (sys.executable, "-m", "portal.cli", "migrate"),
            env,
            project_root(),
            failure="The database could not be brought up to date; the reason stands above.",
        )
    )
    if plan.settings.is_demo:
        table.append(
            Step(
                "demo data",
                (sys.executable, "-m", "portal.cli", "seed", "--demo"),
                env,
                project_root(),
                failure="The demo data could not be made; the reason stands above.",
            )
        )
    table += helpers(plan, python)
    table += portal_parts(plan.settings, python)
    return table


def postgres_part(server: postgres.Postgres) -> Part:
    """The embedded database as a part."""
    return Part(
        "postgres",
        tuple(server.argv()),
        plain_environment(),
        Path("/"),
        Stage.DATABASE,
        user=server.run_as.user,
        prepare=server.prepare,
        is_ready=server.is_ready,
        explain=server.explain_failure,
        after_start=server.ensure_database,
        ready_timeout_s=postgres.START_TIMEOUT_S,
        stop_signal=postgres.STOP_SIGNAL,
        stop_timeout_s=postgres.STOP_TIMEOUT_S,
        abort_signal=postgres.ABORT_SIGNAL,
    )


def redis_part(server: redis.Redis) -> Part:
    """The embedded Redis as a part."""
    return Part(
        "redis",
        tuple(server.argv()),
        plain_environment(),
        server.data_dir,
        Stage.QUEUE,
        prepare=server.prepare,
        is_ready=server.is_ready,
        explain=server.explain_failure,
        stop_timeout_s=redis.STOP_TIMEOUT_S,
    )


def helpers(plan: Plan, python: "PythonPart") -> list[Part]:
    """The stand-ins for the outside world: payment vendors and carriers, and a mail server. Not in production."""
    settings, parts = plan.settings, []
    if plan.has_sandbox:
        port = settings.sandbox_port
        argv = [
            "-m",
            "sandbox",
            "--port",
            str(port),
            "--portal-url",
            f"http://{_to_ask(settings.host)}:{settings.port}",
        ]
        argv += ["--data", str(settings.home / "sandbox"), *_sandbox_keys(plan.env)]
        parts.append(python("sandbox", argv, Stage.HELPERS, answers_http(port)))
    if plan.smtp_port is not None:
        ports = ["--smtp-port", str(plan.smtp_port), "--http-port", str(settings.mail_port)]
        argv = ["-m", "portal.stack.mailcatcher", "--directory", str(settings.home / "mail"), *ports]
        parts.append(python("mail", argv, Stage.HELPERS, accepts_tcp(settings.mail_port)))
    return parts


def portal_parts(settings: Settings, python: "PythonPart") -> list[Part]:
    """The portal's own processes. The pages come last: who gets an answer from them finds all the rest at work."""
    host = _to_ask(settings.host)
    live = [*granian(settings.host, settings.live_port), "--interface", "asgi", "portal.live:app"]
    sizes = ["--workers", str(settings.web_workers), "--blocking-threads", str(settings.web_threads * WAITING_FOR_EACH)]
    web = [*granian(settings.host, settings.port), "--interface", "wsgi", *sizes, "portal.wsgi:app"]
    return [
        python("live", live, is_ready=accepts_tcp(settings.live_port, host=host)),
        python("worker", ["worker.py"]),
        python("relay", ["-m", "portal.cli", "relay"]),
        python("clock", ["worker.py", "--clock"]),
        python("web", web, is_ready=answers_http(settings.port, HEALTH_PATH, host=host)),
    ]


def granian(host: str, port: int) -> list[str]:
    """How both web servers are run: workers that die come back at once, and an open stream does not hold up a stop."""
    return [
        *("-m", "granian", "--host", host, "--port", str(port), "--http", "1", "--no-ws", "--log-level", "warning"),
        *("--respawn-failed-workers", "--respawn-interval", "0.3", "--workers-kill-timeout", "3"),
    ]


@dataclass(frozen=True, slots=True)
class PythonPart:
    """Makes parts that run in our own interpreter."""

    env: Mapping[str, str]
    cwd: Path

    def __call__(
        self,
        name: str,
        arguments: list[str],
        stage: Stage = Stage.PORTAL,
        is_ready: Callable[[], bool] | None = None,
    ) -> Part:
        return Part(name, (sys.executable, *arguments), self.env, self.cwd, stage, is_ready=is_ready)


def _sandbox_keys(env: Mapping[str, str]) -> list[str]:
    """The keys the stand-ins accept and sign with: the first of each, as the portal accepts several."""
    options = {
        "--stripe-secret-key": "STRIPE_SECRET_KEY",
        "--stripe-publishable-key": "STRIPE_PUBLISHABLE_KEY",
        "--stripe-webhook-secret": "STRIPE_WEBHOOK_SECRETS",
        "--paylink-secret-key": "PAYLINK_SECRET_KEY",
        "--paylink-webhook-secret": "PAYLINK_WEBHOOK_SECRETS",
        "--trackhub-api-key": "TRACKHUB_API_KEY",
        "--trackhub-webhook-secret": "TRACKHUB_WEBHOOK_SECRETS",
        "--portone-api-secret": "PORTONE_API_SECRET",
        "--portone-webhook-secret": "PORTONE_WEBHOOK_SECRETS",
        "--portone-store-id": "PORTONE_STORE_ID",
        "--portone-channel-key": "PORTONE_CHANNEL_KEY",
        "--adyen-api-key": "ADYEN_API_KEY",
        "--adyen-client-key": "ADYEN_CLIENT_KEY",
        "--adyen-merchant-account": "ADYEN_MERCHANT_ACCOUNT",
        "--adyen-hmac-key": "ADYEN_HMAC_KEYS",
        "--adyen-webhook-user": "ADYEN_WEBHOOK_USER",
        "--adyen-webhook-password": "ADYEN_WEBHOOK_PASSWORD",
    }
    given = {option: env.get(name, "").partition(",")[0] for option, name in options.items()}
    # One word each: a key may begin with a dash, and would be taken for an option.
    return [f"{option}={value}" for option, value in given.items() if value]


def _to_ask(host: str) -> str:
    """The address under which a server that listens on `host` is reached from here."""
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  # Asked, not bound.
