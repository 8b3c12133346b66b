"""A mail server that delivers nothing: it keeps every message as a file and shows it on a page. Loopback only."""

import argparse
import signal
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller

from portal.stack.mail_pages import handler_for
from portal.stack.mail_store import MailStore

MESSAGE_BYTES_MAX = 30 * 1024**2


class Catcher:
    """aiosmtpd's handler: every message of every sender to every recipient is kept."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802  # aiosmtpd's name.
        """Keep the message; the sender's 250 comes after it is on the disk."""
        try:
            self._store.add(bytes(envelope.content), list(envelope.rcpt_tos))  # type: ignore[attr-defined]  # aiosmtpd's envelope; it publishes no types.
        except OSError as error:
            return f"452 The message could not be kept: {error.strerror}"
        return "250 Kept"


class MailCatcher:
    """The SMTP server and its page, running in threads between `start` and `stop`."""

    def __init__(self, directory: Path, *, smtp_port: int, http_port: int) -> None:
        self.store = MailStore(directory)
        self.http_port = http_port
        self._smtp = Controller(
            Catcher(self.store), "127.0.0.1", smtp_port, data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True
        )
        self._http = ThreadingHTTPServer(("127.0.0.1", http_port), handler_for(self.store))
        self._http_thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def start(self) -> None:
        """Serve both. Raises OSError if a port is taken."""
        self._smtp.start()
        self._http_thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http_thread.join()
        self._http.server_close()
        self._smtp.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.stack.mailcatcher", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    options = parser.parse_args()
    stopping = threading.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: stopping.set())
    catcher = MailCatcher(options.directory, smtp_port=options.smtp_port, http_port=options.http_port)
    catcher.start()
    stopping.wait()
    catcher.stop()


if __name__ == "__main__":
    main()
