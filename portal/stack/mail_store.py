"""Caught messages as .eml files in one directory, newest first; the file's name is the message's id."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser, BytesParser
from itertools import count
from pathlib import Path

MESSAGE_ID = re.compile(r"\d{20}-\d{4,}")
RECIPIENTS_HEADER = "X-Caught-For"  # Who it was sent to, which To and Cc do not tell.
KEPT_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list."""

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "sender": self.sender,
            "recipients": list(self.recipients),
            "subject": self.subject,
        }


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message."""

    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message, taken apart."""

    summary: Summary
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...]

    def as_json(self) -> dict[str, object]:
        files = [{"filename": a.filename, "type": a.media_type, "size": len(a.content)} for a in self.attachments]
        return {**self.summary.as_json(), "text": self.text, "html": self.html, "attachments": files}


class MailStore:
    """The directory of caught mail."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._numbers = count()
        self._summaries: dict[str, Summary] = {}

    def add(self, content: bytes, recipients: list[str]) -> str:
        """Keep a message. Returns its id. Raises OSError if the disk is full."""
        message_id = f"{time.time_ns():020}-{next(self._numbers):04}"
        draft = self._directory / f"{message_id}.new"
        try:
            header = f"{RECIPIENTS_HEADER}: {', '.join(recipients)}\r\n".encode()
            draft.write_bytes(header + content)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        draft.rename(self._directory / f"{message_id}.eml")
        return message_id

    def search(self, recipient: str = "") -> list[Summary]:
        """Messages sent to an address that contains `recipient`, newest first."""
        names = sorted((path.stem for path in self._directory.glob("*.eml")), reverse=True)[:KEPT_MAX]
        wanted = recipient.strip().casefold()
        found = [self._summary(name) for name in names]
        return [
            line for line in found if not wanted or any(wanted in address.casefold() for address in line.recipients)
        ]

    def read(self, message_id: str) -> Message | None:
        """One message; None if there is none of that id."""
        content = self.raw(message_id)
        if content is None:
            return None
        parsed = BytesParser(policy=policy.default).parsebytes(content)
        return Message(self._summary(message_id), *_bodies(parsed), tuple(_attachments(parsed)))

    def raw(self, message_id: str) -> bytes | None:
        """The message as it came; None if there is none of that id."""
        if not MESSAGE_ID.fullmatch(message_id):
            return None
        try:
            return (self._directory / f"{message_id}.eml").read_bytes()
        except FileNotFoundError:
            return None

    def _summary(self, message_id: str) -> Summary:
        if message_id not in self._summaries:
            with (self._directory / f"{message_id}.eml").open("rb") as file:
                headers = BytesHeaderParser(policy=policy.default).parse(file)
            self._summaries[message_id] = Summary(
                id=message_id,
                received_at=datetime.fromtimestamp(int(message_id.partition("-")[0]) // 10**9, UTC),
                sender=str(headers.get("From", "")),
                recipients=tuple(part.strip() for part in str(headers.get(RECIPIENTS_HEADER, "")).split(",")),
                subject=str(headers.get("Subject", "")),
            )
        return self._summaries[message_id]


def _bodies(message: EmailMessage) -> tuple[str | None, str | None]:
    plain = message.get_body(preferencelist=("plain",))
    html = message.get_body(preferencelist=("html",))
    return _text_of(plain), _text_of(html)


def _text_of(part: MIMEPart | None) -> str | None:
    return None if part is None else str(part.get_content())


def _attachments(message: EmailMessage) -> list[Attachment]:
    return [
        Attachment(part.get_filename() or "attachment", part.get_content_type(), _content_of(part))
        for part in message.iter_attachments()
        if isinstance(part, MIMEPart)
    ]


def _content_of(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
