"""Everything a handler works with."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.config import Config
from sandbox.faults import Faults
from sandbox.http import Request
from sandbox.store import Store

if TYPE_CHECKING:
    from sandbox.notices import Notices


class World:
    """The state of the sandbox. One thread, the event loop's, touches it."""

    notices: "Notices"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.data)
        self.faults = Faults()
        self.keys_at_work: dict[str, Request] = {}  # Keys of requests that are being slow.

    def later(self, delay_ms: int, work: Callable[[], None]) -> None:
        """Do `work` after a while, and write what it changed."""

        def run() -> None:
            work()
            self.store.flush()

        asyncio.get_running_loop().call_later(delay_ms / 1000, run)
