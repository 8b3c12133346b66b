"""A place for notices: keeps what vendors post, as it came."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_WAIT_S = 15

Notice = tuple[dict[str, str], bytes]


class Receiver:
    """Everything that was posted, oldest first."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.arrived = threading.Condition()
        self.url = ""

    def wait(self, *needles: str, count: int = 1) -> list[Notice]:
        """The notices whose body holds all of the needles, once there are `count` of them."""
        deadline = time.monotonic() + _WAIT_S
        with self.arrived:
            while True:
                found = [each for each in self.notices if all(needle.encode() in each[1] for needle in needles)]
                if len(found) >= count:
                    return found
                if not self.arrived.wait(deadline - time.monotonic()):
                    raise AssertionError(f"{len(found)} of {count} notices with {needles} came")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with receiver.arrived:
                receiver.notices.append((dict(self.headers.items()), body))
                receiver.arrived.notify_all()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The standard library's signature.
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
