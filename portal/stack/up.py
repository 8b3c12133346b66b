"""`portal up`, put together: from an environment to a running portal."""

import errno
import shutil
from collections.abc import Callable, Mapping

from portal.config import Settings
from portal.stack.errors import StackError
from portal.stack.plan import home_of, make_plan
from portal.stack.supervisor import Supervisor
from portal.stack.table import build_table
from portal.translations import compile_catalogues

FREE_BYTES_MIN = 32 * 1024**2
# What commands beside the running portal need; the rest of an operator's environment is none of the file's business.
SHARED_PREFIXES = (
    "PORTAL_",
    "DATABASE_",
    "REDIS_",
    "STRIPE_",
    "PAYLINK_",
    "ADYEN_",
    "PORTONE_",
    "SMTP_",
    "SANDBOX_",
    "LIVE_",
    "MAIL_",
    "EXTERNAL_",
)
SHARED_NAMES = {"SECRET_KEY", "HOST", "PORT", "WEB_WORKERS", "WEB_THREADS", "WORKER_THREADS", "SESSION_COOKIE_SECURE"}


def up(env: Mapping[str, str], say: Callable[[str], None], on_ready: Callable[[Settings], None]) -> None:
    """Run a whole portal until it is asked to stop. Raises StackError or ConfigurationError, one sentence each.

    Nothing is started before the settings, the ports and the disk were looked at.
    """
    home = home_of(env)
    home.open()
    try:
        if shutil.disk_usage(home.path).free < FREE_BYTES_MIN:
            raise StackError(f"The disk under {home.path} is full: make some room and start again.")
        plan = make_plan(home, env)
        _renew_catalogues(say)
        home.announce(f"http://{plan.settings.host}:{plan.settings.port}/")
        home.write_environment({name: value for name, value in plan.env.items() if _is_shared(name)})
        Supervisor(home, build_table(plan), say).run(lambda: on_ready(plan.settings))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StackError(f"The disk under {home.path} is full: make some room and start again.") from None
        raise
    finally:
        home.forget_environment()
        home.close()


def _renew_catalogues(say: Callable[[str], None]) -> None:
    """Whoever has pulled a new version need not think of it. Where nothing can be written, what is there is used."""
    try:
        compile_catalogues()
    except OSError as error:
        say(f"the translations could not be renewed ({error.strerror or error}); pages may show English sentences")


def _is_shared(name: str) -> bool:
    return name in SHARED_NAMES or name.startswith(SHARED_PREFIXES)
