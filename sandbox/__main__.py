"""Starts the sandbox in this process; SIGTERM and SIGINT stop it cleanly."""

import asyncio
import signal
import sys

from granian.constants import Interfaces
from granian.server.embed import Server

from sandbox import stripe
from sandbox.app import App
from sandbox.config import Config, from_arguments


async def serve(config: Config) -> None:
    """Serve until a signal comes."""
    app = App(config)
    app.world.notices.resume()
    stripe.resume(app.world)
    server = Server(
        app,
        address=config.host,
        port=config.port,
        interface=Interfaces.RSGI,
        websockets=False,
        log_enabled=False,
        backlog=1024,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    print(f"The sandbox is at {config.origin}/", flush=True)  # noqa: T201  # A program says where it is.
    try:
        await server.serve()
    finally:
        app.world.notices.close()
        app.world.store.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(from_arguments())))
