"""`python -m examples.partner`: start the mini-app and ask the portal for its messages."""

from __future__ import annotations

import argparse
import os
import sys
import threading

from examples.partner.app import App, server_of
from examples.portal_api import Portal, RefusedError, UnreachableError


def main() -> int:
    """Serve until Ctrl-C. Returns 1 when the portal does not let us in."""
    words = argparse.ArgumentParser(prog="python -m examples.partner", description="A partner's mini-app.")
    words.add_argument("--portal", required=True, help="where the portal is, such as https://mall.example")
    words.add_argument("--port", type=int, default=8600, help="where the mini-app listens")
    words.add_argument("--address", help="where the portal and browsers find it; http://127.0.0.1:PORT without")
    words.add_argument("--method", default="wallet", help="a way of paying on the provider's page")
    given = words.parse_args()
    key = os.environ.get("PORTAL_KEY", "")
    app = App(Portal(given.portal, key), given.address or f"http://127.0.0.1:{given.port}", method=given.method)
    server = server_of(app, given.port)
    # The portal may send before it has answered, so we listen before we ask.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        app.listen()
    except (RefusedError, UnreachableError) as refusal:
        sys.stderr.write(f"The portal does not let us in: {refusal}\n")
        return 1
    sys.stdout.write(f"The mini-app is at {app.address}/\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
