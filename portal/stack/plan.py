"""From an operator's environment to a plan: what is embedded, on which ports, with which secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.config import Mode, Settings
from portal.stack import ports
from portal.stack.errors import StackError
from portal.stack.home import Home
from portal.stack.postgres import Postgres
from portal.stack.redis import Redis

STRIPE_JS_PATH = "/endive/stripe.js"
# A vendor is the stand-in unless this key of its own was given.
VENDORS = (
    ("STRIPE_", "SECRET_KEY"),
    ("PAYLINK_", "SECRET_KEY"),
    ("ADYEN_", "API_KEY"),
    ("PORTONE_", "API_SECRET"),
    ("TRACKHUB_", "API_KEY"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started here: the settings of the portal, and which servers are ours to run."""

    settings: Settings
    env: Mapping[str, str]  # The whole environment of the parts.
    postgres: Postgres | None  # None: DATABASE_URL names one's own.
    redis: Redis | None  # None: REDIS_URL names one's own.
    smtp_port: int | None  # None: nothing is caught; mail goes where SMTP_URL says.
    has_sandbox: bool


def home_of(env: Mapping[str, str]) -> Home:
    """The home that `PORTAL_HOME` names, by default `var` where one stands."""
    return Home(Path(env.get("PORTAL_HOME") or "var").resolve())


def make_plan(home: Home, env: Mapping[str, str]) -> Plan:
    """Complete the environment for the parts. Raises StackError or ConfigurationError; starts nothing.

    In demo mode (the default here) everything that is not named is embedded: the database, the queues, the stand-ins of
    the vendors, the mail catcher. In production nothing is, and every secret must be given.
    """
    settled = _Settled(home, {name: value for name, value in env.items() if value})
    settled.env["PORTAL_HOME"] = str(home.path)
    settled.env.setdefault("PORTAL_ENV", Mode.DEMO)
    settled.claim_web_port()
    settled.choose_port("LIVE_PORT", 1)
    if settled.env["PORTAL_ENV"] != Mode.DEMO:
        return Plan(Settings.from_environment(settled.env), settled.env, None, None, None, has_sandbox=False)
    settled.take_secrets()
    has_sandbox = settled.point_to_sandbox()
    database, queue, smtp_port = settled.postgres(), settled.redis(), settled.mail()
    return Plan(Settings.from_environment(settled.env), settled.env, database, queue, smtp_port, has_sandbox)


class _Settled:
    """An environment that is being completed; ports that were given out stay given."""

    def __init__(self, home: Home, env: dict[str, str]) -> None:
        self.home = home
        self.env = env
        self.made: dict[str, str] = {}
        self._taken: set[int] = set()

    @property
    def host(self) -> str:
        return self.env.get("HOST", "127.0.0.1")

    def claim_web_port(self) -> None:
        """The pages' own port is the operator's word: it is never moved."""
        self.env.setdefault("PORT", "8000")
        self._require_free("PORT")

    def choose_port(self, name: str, distance: int) -> None:
        """A port of a helper: the one that was named, else the first free one after the pages' port."""
        if name in self.env:
            self._require_free(name)
            return
        try:
            port = ports.next_free(int(self.env["PORT"]) + distance, self._taken, self.host)
        except OSError as error:
            raise StackError(f"{name} could not be chosen: there is {error}.") from None
        self._taken.add(port)
        self.env[name] = str(port)

    def internal_port(self) -> int:
        """A port nobody needs to know."""
        while (port := ports.free_port()) in self._taken:
            pass
        self._taken.add(port)
        return port

    def take_secrets(self) -> None:
        self.made = self.home.secrets()
        for name in ("SECRET_KEY", "PORTAL_ENCRYPTION_KEYS"):
            self.env.setdefault(name, self.made[name])

    def point_to_sandbox(self) -> bool:
        """Send the vendors' traffic to the stand-ins, unless another sandbox or a vendor's own key was named."""
        has_own = "SANDBOX_URL" in self.env
        if not has_own:
            self.choose_port("SANDBOX_PORT", 2)
            self.env["SANDBOX_URL"] = f"http://127.0.0.1:{self.env['SANDBOX_PORT']}"
        sandbox = self.env["SANDBOX_URL"].rstrip("/")
        # The sandbox has a receiver of webhooks; nothing else of this machine may be called.
        if not has_own:
            self.env.setdefault("WEBHOOK_ALLOWED_TARGETS", f"127.0.0.1:{self.env['SANDBOX_PORT']}")
        addresses = {
            "STRIPE_API_BASE": sandbox,
            "STRIPE_JS_URL": sandbox + STRIPE_JS_PATH,
            "PAYLINK_API_BASE": sandbox,
            "TRACKHUB_URL": sandbox,
            "PORTONE_API_BASE": sandbox + "/portone",
            "PORTONE_WINDOW_URL": sandbox + "/portone/window",
            "ADYEN_API_BASE": sandbox + "/adyen",
            "ADYEN_DISPUTES_BASE": sandbox + "/adyen/disputes",
            "ADYEN_JS_URL": sandbox + "/adyen/sdk/adyen.js",
        }
        for vendor, key in VENDORS:
            if vendor + key not in self.env:
                stand_in = {name: value for name, value in (self.made | addresses).items() if name.startswith(vendor)}
                self.env = stand_in | self.env
        return not has_own

    def postgres(self) -> Postgres | None:
        if "DATABASE_URL" in self.env:
            return None
        password = self.made["POSTGRES_PASSWORD"]
        server = Postgres(self.home.path / "postgres", password, self.internal_port(), self.home.log("postgres"))
        self.env["DATABASE_URL"] = server.url()
        return server

    def redis(self) -> Redis | None:
        if "REDIS_URL" in self.env:
            return None
        password = self.made["REDIS_PASSWORD"]
        server = Redis(self.home.path / "redis", password, self.internal_port(), self.home.log("redis"))
        self.env["REDIS_URL"] = server.url()
        return server

    def mail(self) -> int | None:
        if "SMTP_URL" in self.env:
            return None
        self.choose_port("MAIL_PORT", 3)
        port = self.internal_port()
        self.env["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        return port

    def _require_free(self, name: str) -> None:
        text = self.env[name]
        if not text.isascii() or not text.isdigit() or not 0 < int(text) <= ports.PORT_MAX:
            raise StackError(f"{name} must be a port between 1 and {ports.PORT_MAX}, not {text!r}.")
        if int(text) in self._taken or not ports.is_free(int(text), self.host):
            raise StackError(f"Port {text} ({name}) is taken by another program: choose another one with {name}=….")
        self._taken.add(int(text))
