"""What the portal is told from outside: one frozen `Settings`, read once from the environment.

Everything that differs between a demo, a test run and production is here, so that no other module reads the
environment and a wrong setting is one sentence at the start and not a surprise in the middle of a payment.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from portal.kit.currency import POINTS, is_currency
from portal.kit.networks import read_allowed

SECRET_BYTES_MIN = 32
# Gateways whose settings are all read by their prefix: `api_key` of adyen is ADYEN_API_KEY.
OTHER_GATEWAYS = ("adyen", "portone")
ENCRYPTION_KEY_BYTES = 32

# What people leave in from examples. Compared in lower case, as parts of the value.
PLACEHOLDERS = ("change-me", "changeme", "change_me", "default", "example", "insecure", "not-secret", "for-tests-only")

TEST_SECRET_KEY = "for-tests-only-" + "0" * 32
TEST_ENCRYPTION_KEYS = "test:" + base64.b64encode(b"for-tests-only".ljust(ENCRYPTION_KEY_BYTES, b"0")).decode()


class ConfigurationError(Exception):
    """A setting is missing or wrong. Its text is one sentence for the operator; programs exit with 2."""

    code = "configuration_error"


class Mode(StrEnum):
    """What `PORTAL_ENV` says. Anything that is not said is production, the strict one."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """One key for encrypted fields. The id travels with the ciphertext, so that keys can be changed."""

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Secrets stay out of its repr."""

    mode: Mode
    home: Path
    host: str
    port: int
    live_port: int
    sandbox_port: int
    mail_port: int
    secret_key: str = field(repr=False)
    encryption_keys: tuple[EncryptionKey, ...] = field(repr=False)
    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    smtp_url: str = field(repr=False)
    mail_from: str
    external_url: str | None
    live_url: str
    sandbox_url: str
    session_cookie_secure: bool
    stripe_secret_key: str = field(repr=False)
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str
    stripe_js_url: str
    paylink_secret_key: str = field(repr=False)
    paylink_webhook_secrets: tuple[str, ...] = field(repr=False)
    paylink_api_base: str
    other_gateways: Mapping[str, Mapping[str, str]] = field(repr=False)
    web_workers: int
    web_threads: int
    worker_threads: int
    order_hold_minutes: int
    idempotency_hours: int
    platform_currency: str
    fx_feed_url: str
    trackhub_url: str
    trackhub_api_key: str = field(repr=False)
    trackhub_webhook_secrets: tuple[str, ...] = field(repr=False)
    webhook_targets: tuple[str, ...]

    @property
    def is_demo(self) -> bool:
        return self.mode is Mode.DEMO

    @property
    def is_production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def gateway_settings(self) -> dict[str, dict[str, str]]:
        """The gateways whose keys are given here, with what each needs, for accounts without keys of their own."""
        house = {name: dict(given) for name, given in self.other_gateways.items() if given}
        if self.stripe_secret_key:
            house["stripe"] = {
                "secret_key": self.stripe_secret_key,
                "publishable_key": self.stripe_publishable_key,
                "webhook_secrets": ",".join(self.stripe_webhook_secrets),
                "api_base": self.stripe_api_base,
                "js_url": self.stripe_js_url,
            }
        if self.paylink_secret_key and self.paylink_api_base:
            house["paylink"] = {
                "secret_key": self.paylink_secret_key,
                "webhook_secrets": ",".join(self.paylink_webhook_secrets),
                "api_base": self.paylink_api_base,
            }
        return house

    @property
    def current_encryption_key(self) -> EncryptionKey:
        """The key new ciphertext is made with; the others only read what was written before."""
        return self.encryption_keys[0]

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self:
        """Read and check every setting. Raises ConfigurationError with the one sentence to print."""
        read = _Reader(env)
        mode = read.mode()
        port = read.port("PORT", 8000)
        live_port = read.port("LIVE_PORT", port + 1)
        sandbox_port = read.port("SANDBOX_PORT", port + 2)
        secret_key = read.secret_key(mode)
        encryption_keys = read.encryption_keys(mode)
        database_url = read.required_url("DATABASE_URL", ("postgresql", "postgresql+psycopg"))
        redis_url = read.required_url("REDIS_URL", ("redis", "rediss", "unix"))
        sandbox_url = read.text("SANDBOX_URL", "" if mode is Mode.PRODUCTION else f"http://127.0.0.1:{sandbox_port}")
        return cls(
            mode=mode,
            home=Path(read.text("PORTAL_HOME", "var")).absolute(),
            host=read.text("HOST", "127.0.0.1"),
            port=port,
            live_port=live_port,
            sandbox_port=sandbox_port,
            mail_port=read.port("MAIL_PORT", port + 3),
            secret_key=secret_key,
            encryption_keys=encryption_keys,
            database_url=psycopg_url(database_url),
            database_owner_url=psycopg_url(read.text("DATABASE_OWNER_URL", database_url)),
            redis_url=redis_url,
            smtp_url=read.text("SMTP_URL", "smtp://127.0.0.1:25"),
            mail_from=read.text("MAIL_FROM", "Portal <no-reply@portal.example>"),
            external_url=read.text("EXTERNAL_URL", "").rstrip("/") or None,
            live_url=read.text("LIVE_URL", f"http://127.0.0.1:{live_port}").rstrip("/"),
            sandbox_url=sandbox_url.rstrip("/"),
            session_cookie_secure=read.flag("SESSION_COOKIE_SECURE", default=mode is Mode.PRODUCTION),
            stripe_secret_key=read.text("STRIPE_SECRET_KEY", ""),
            stripe_publishable_key=read.text("STRIPE_PUBLISHABLE_KEY", ""),
            stripe_webhook_secrets=read.words("STRIPE_WEBHOOK_SECRETS"),
            stripe_api_base=read.text("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/"),
            stripe_js_url=read.text("STRIPE_JS_URL", "https://js.stripe.com/endive/stripe.js"),
            paylink_secret_key=read.text("PAYLINK_SECRET_KEY", ""),
            paylink_webhook_secrets=read.words("PAYLINK_WEBHOOK_SECRETS"),
            paylink_api_base=read.text("PAYLINK_API_BASE", "").rstrip("/"),
            other_gateways={name: read.prefixed(f"{name.upper()}_") for name in OTHER_GATEWAYS},
            web_workers=read.number("WEB_WORKERS", 2),
            web_threads=read.number("WEB_THREADS", 4),
            worker_threads=read.number("WORKER_THREADS", 4),
            order_hold_minutes=read.number("ORDER_HOLD_MINUTES", 30),
            idempotency_hours=read.number("IDEMPOTENCY_HOURS", 24),
            platform_currency=read.currency("PLATFORM_CURRENCY"),
            fx_feed_url=read.feed("FX_FEED_URL", mode),
            trackhub_url=read.feed("TRACKHUB_URL", mode),
            trackhub_api_key=read.text("TRACKHUB_API_KEY", ""),
            trackhub_webhook_secrets=read.words("TRACKHUB_WEBHOOK_SECRETS"),
            webhook_targets=read.targets("WEBHOOK_ALLOWED_TARGETS"),
        )


def psycopg_url(url: str) -> str:
    """The same database with the driver named, so that no default of a library decides it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def parse_encryption_keys(text: str) -> tuple[EncryptionKey, ...]:
    """Read `id:base64of32bytes,id2:...`; the first is the current one. Raises ConfigurationError."""
    keys = []
    entries = [entry for part in text.split(",") if (entry := part.strip())]
    for number, entry in enumerate(entries, 1):
        key_id, _, encoded = entry.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if not key_id or len(secret) != ENCRYPTION_KEY_BYTES:
            raise ConfigurationError(
                f"PORTAL_ENCRYPTION_KEYS must be a list of id:key with keys of {ENCRYPTION_KEY_BYTES} bytes in base64; "
                f"entry {number} is not."  # Nothing of it is repeated: without a colon all of it may be the key.
            )
        keys.append(EncryptionKey(key_id, secret))
    if len({key.id for key in keys}) != len(keys):
        raise ConfigurationError("PORTAL_ENCRYPTION_KEYS names the same key id twice.")
    return tuple(keys)


class _Reader:
    """Typed reads from one environment. An empty value counts as not set."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, name: str, default: str) -> str:
        return self._env.get(name, "").strip() or default

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in self._env.get(name, "").split(",") if word.strip())

    def targets(self, name: str) -> tuple[str, ...]:
        """Networks, or addresses with a port."""
        words = self.words(name)
        for word in words:
            try:
                read_allowed(word)
            except ValueError:
                raise ConfigurationError(
                    f"{name} must be a list such as 10.1.0.0/16,127.0.0.1:9000, not {word!r}."
                ) from None
        return words

    def prefixed(self, prefix: str) -> dict[str, str]:
        return {
            name.removeprefix(prefix).lower(): value.strip()
            for name, value in self._env.items()
            if name.startswith(prefix) and value.strip()
        }

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            raise ConfigurationError(f"{name} must be a whole number above zero, not {text!r}.")
        return int(text)

    def port(self, name: str, default: int) -> int:
        port = self.number(name, default)
        if port > 65535:  # The end of the TCP port range.
            raise ConfigurationError(f"{name} must be a port between 1 and 65535, not {port}.")
        return port

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, "1" if default else "0").lower()
        if text not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
            raise ConfigurationError(f"{name} must be 1 or 0, not {text!r}.")
        return text in {"1", "true", "yes", "on"}

    def currency(self, name: str) -> str:
        code = self.text(name, "")
        if code and (not is_currency(code) or code == POINTS):
            raise ConfigurationError(f"{name} must be a currency's code such as KRW, not {code!r}.")
        return code

    def feed(self, name: str, mode: Mode) -> str:
        """Whoever stands between could change what is sold at: without TLS in production nothing is believed."""
        url = self.text(name, "")
        schemes = {"https"} if mode is Mode.PRODUCTION else {"http", "https"}
        if url and (urlsplit(url).scheme not in schemes or not urlsplit(url).hostname):
            raise ConfigurationError(f"{name} must begin with https://.")
        return url

    def mode(self) -> Mode:
        text = self.text("PORTAL_ENV", Mode.PRODUCTION)
        try:
            return Mode(text)
        except ValueError:
            raise ConfigurationError(f"PORTAL_ENV must be demo, test or production, not {text!r}.") from None

    def required_url(self, name: str, schemes: tuple[str, ...]) -> str:
        url = self.text(name, "")
        if not url:
            raise ConfigurationError(f"{name} is not set: start everything with `portal up`, or name your own server.")
        if urlsplit(url).scheme not in schemes:
            raise ConfigurationError(f"{name} must begin with {schemes[0]}://.")
        return url

    def secret_key(self, mode: Mode) -> str:
        key = self.text("SECRET_KEY", TEST_SECRET_KEY if mode is Mode.TEST else "")
        if not key:
            raise ConfigurationError("SECRET_KEY is not set: give it at least 32 random bytes.")
        if mode is Mode.PRODUCTION and len(key.encode()) < SECRET_BYTES_MIN:
            raise ConfigurationError(f"SECRET_KEY is too short: it needs at least {SECRET_BYTES_MIN} bytes.")
        if mode is Mode.PRODUCTION and _looks_like_placeholder(key):
            raise ConfigurationError("SECRET_KEY is a placeholder: give it at least 32 random bytes of your own.")
        return key

    def encryption_keys(self, mode: Mode) -> tuple[EncryptionKey, ...]:
        text = self.text("PORTAL_ENCRYPTION_KEYS", TEST_ENCRYPTION_KEYS if mode is Mode.TEST else "")
        keys = parse_encryption_keys(text)
        if not keys:
            raise ConfigurationError(
                "PORTAL_ENCRYPTION_KEYS is not set: give it id:key with 32 random bytes in base64."
            )
        if mode is Mode.PRODUCTION and any(_looks_like_placeholder(key.secret.decode("latin-1")) for key in keys):
            raise ConfigurationError("PORTAL_ENCRYPTION_KEYS holds a placeholder: give it 32 random bytes of your own.")
        return keys


def _looks_like_placeholder(secret: str) -> bool:
    """Whether a secret was taken from an example or typed by one finger."""
    varied_enough = 8  # 32 random bytes hold about 30 different ones.
    lowered = secret.lower()
    return len(set(secret)) < varied_enough or any(word in lowered for word in PLACEHOLDERS)
