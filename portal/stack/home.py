"""PORTAL_HOME: the one directory everything of a running portal is in.

secrets.json    made once, for demo mode: keep it with the data, it opens the encrypted fields
postgres/       the database
redis/          the queues
mail/           what the mail catcher caught
logs/           one log for each part
run/            who runs now: pids, and the environment that other commands need to reach the running portal
"""

import base64
import errno
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from portal.stack.errors import StackError

SECRETS_FILE = "secrets.json"


@dataclass(slots=True)
class Home:
    """A PORTAL_HOME directory."""

    path: Path
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def run(self) -> Path:
        return self.path / "run"

    def log(self, part: str) -> Path:
        return self.path / "logs" / f"{part}.log"

    def open(self) -> None:
        """Make the directory and take it for this process alone. Raises StackError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.run.mkdir(exist_ok=True)
            lock = (self.run / "portal.lock").open("a+")
        except OSError as error:
            raise self._unusable(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            where = lock.read().strip()
            lock.close()
            raise StackError(
                f"The portal is already running on {self.path}{f' ({where})' if where else ''}: "
                "use that one, or choose another directory with PORTAL_HOME."
            ) from None
        self._lock = lock

    def announce(self, text: str) -> None:
        """Say in the lock where this portal is, for a second one that finds it taken."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.write(text)
            self._lock.flush()

    def close(self) -> None:
        """Give the directory free."""
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def secrets(self) -> dict[str, str]:
        """The secrets of this home, by the names of their settings; made at the first call."""
        path = self.path / SECRETS_FILE
        known: dict[str, str] = {}
        if path.exists():
            try:
                known = json.loads(path.read_text())
            except (OSError, ValueError):
                raise StackError(
                    f"{path} cannot be read: put a backup of it back, or move it away with the data."
                ) from None
        missing = {name: value for name, value in _new_secrets().items() if name not in known}
        if missing:
            known |= missing
            write_private(path, json.dumps(known, indent=2) + "\n")
        return known

    def write_environment(self, env: Mapping[str, str]) -> None:
        """Leave the settings of the running portal for commands started beside it."""
        write_private(self.run / "environment.json", json.dumps(dict(env), indent=2))

    def forget_environment(self) -> None:
        (self.run / "environment.json").unlink(missing_ok=True)

    def _unusable(self, error: OSError) -> StackError:
        if error.errno == errno.ENOSPC:
            return StackError(f"The disk under {self.path} is full.")
        return StackError(f"{self.path} cannot be used ({error.strerror}): choose another directory with PORTAL_HOME.")


def running_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The settings of the portal that runs on this PORTAL_HOME; empty if none does, or if `env` names a database."""
    if env.get("DATABASE_URL"):
        return {}
    try:
        found = json.loads((Path(env.get("PORTAL_HOME") or "var") / "run" / "environment.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()}


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, for the owner's eyes only."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PORTAL_ENCRYPTION_KEYS": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "REDIS_PASSWORD": secrets.token_urlsafe(24),
        # For the stand-ins of the payment vendors.
        "STRIPE_SECRET_KEY": "sk_test_" + secrets.token_hex(16),
        "STRIPE_PUBLISHABLE_KEY": "pk_test_" + secrets.token_hex(16),
        "STRIPE_WEBHOOK_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "PAYLINK_SECRET_KEY": "plk_test_" + secrets.token_hex(16),
        "PAYLINK_WEBHOOK_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "PORTONE_API_SECRET": secrets.token_urlsafe(48),
        "PORTONE_WEBHOOK_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "PORTONE_STORE_ID": "store-portal-sandbox",
        "PORTONE_CHANNEL_KEY": "channel-key-portal-sandbox",
        "TRACKHUB_API_KEY": "thk_test_" + secrets.token_hex(16),
        "TRACKHUB_WEBHOOK_SECRETS": "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        "ADYEN_API_KEY": "AQE" + secrets.token_hex(24),
        "ADYEN_MERCHANT_ACCOUNT": "PortalSandbox",
        "ADYEN_CLIENT_KEY": "test_" + secrets.token_hex(16),
        "ADYEN_HMAC_KEYS": secrets.token_hex(32),
        "ADYEN_WEBHOOK_USER": "adyen",
        "ADYEN_WEBHOOK_PASSWORD": secrets.token_urlsafe(24),
    }
