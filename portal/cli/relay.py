"""Hand outbox events to workers and open pages, and seal the audit trail."""

import os
import signal
import threading

import click

from portal.config import Settings
from portal.jobs.relay import run_relay
from portal.process import start


@click.command()
def relay() -> None:
    """Hand outbox events to workers and open pages, and seal the audit trail."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    start(Settings.from_environment(os.environ), name="portal relay", connections=2)
    run_relay(stop)
