"""The pages of the mail catcher: a list with a search, a message with its parts, and the same as JSON.

/                          list, ?to= narrows it to a recipient
/messages/ID               one message
/messages/ID/html          its HTML part alone, shown in a sandboxed frame
/messages/ID/files/N       an attachment, always as a download
/messages/ID/raw           the message as it came
/api/messages, /api/messages/ID    JSON
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, quote, unquote, urlsplit

from portal.stack.mail_html import STYLE, list_page, message_page, whole_page
from portal.stack.mail_store import MailStore, Message

OWN_PAGE = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
# Mail is styled inline and must not run or fetch anything.
MAIL_PART = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
# Names that may stand in a Host header: a page of another site must not read mail by pointing its own name here.
LOCAL_NAMES = {"127.0.0.1", "localhost"}


def handler_for(store: MailStore) -> type[BaseHTTPRequestHandler]:
    """A request handler class over one store."""

    class Handler(_Handler):
        pass

    Handler.store = store
    return Handler


class _Handler(BaseHTTPRequestHandler):
    store: MailStore
    server_version = "portal-mail"

    def do_GET(self) -> None:  # The standard library's name.
        url = urlsplit(self.path)
        if (self.headers.get("Host") or "").rpartition(":")[0] not in LOCAL_NAMES:
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"Only for this machine.")
            return
        parts = [unquote(part) for part in url.path.split("/") if part]
        recipient = parse_qs(url.query).get("to", [""])[0]
        match parts:
            case []:
                self._page("Mail", list_page(self.store, recipient))
            case ["style.css"]:
                self._send(HTTPStatus.OK, "text/css", STYLE.encode())
            case ["api", "messages"]:
                self._json([line.as_json() for line in self.store.search(recipient)])
            case ["api", "messages", message_id]:
                self._with(message_id, lambda message: self._json(message.as_json()))
            case ["messages", message_id]:
                self._with(message_id, lambda message: self._page(message.summary.subject, message_page(message)))
            case ["messages", message_id, "html"]:
                self._with(message_id, self._html_part)
            case ["messages", message_id, "raw"]:
                self._raw(message_id)
            case ["messages", message_id, "files", number] if number.isdecimal():
                self._with(message_id, lambda message: self._file(message, int(number)))
            case _:
                self._missing()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The standard library's signature.
        """Say nothing of requests that went well."""

    def _with(self, message_id: str, answer: Callable[[Message], None]) -> None:
        message = self.store.read(message_id)
        if message is None:
            self._missing()
        else:
            answer(message)

    def _html_part(self, message: Message) -> None:
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", (message.html or "").encode(), policy=MAIL_PART)

    def _raw(self, message_id: str) -> None:
        content = self.store.raw(message_id)
        if content is None:
            self._missing()
        else:
            self._send(HTTPStatus.OK, "text/plain; charset=utf-8", content)

    def _file(self, message: Message, number: int) -> None:
        if number >= len(message.attachments):
            self._missing()
            return
        file = message.attachments[number]
        disposition = f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}"
        self._send(HTTPStatus.OK, "application/octet-stream", file.content, disposition=disposition)

    def _missing(self) -> None:
        self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is no such page.")

    def _json(self, value: object) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _page(self, title: str, body: str) -> None:
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", whole_page(title, body).encode())

    def _send(
        self, status: HTTPStatus, media_type: str, body: bytes, *, policy: str = OWN_PAGE, disposition: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        self.wfile.write(body)
