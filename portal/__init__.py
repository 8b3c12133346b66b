"""Portal: the money side of a shopping mall with many sellers and many channels."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from portal.config import Settings

# What is being loaded stays. To look through it for garbage meanwhile is a sixth of the time that a process takes to
# start; portal.process.start() lets the collector look as often as ever. Whoever does without leaves little behind.
gc.set_threshold(100_000)


def create_app(settings: Settings) -> APIFlask:
    """Build the web application. Services and jobs do without it; they need only portal.process.start()."""
    from portal.blueprints.factory import build

    return build(settings)
