"""A mail as it goes over the line. Its head is made by Python's email package, which knows how names are written.

Its parts are joined here: for each of them the package reads again what it has just been told, and goes through all
lines of each of them several times.
"""

from __future__ import annotations

import email.policy
from base64 import encodebytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from smtplib import SMTP, SMTPNotSupportedError
from typing import Final

HEAD: Final = email.policy.SMTP
# An address in a header must not be broken into several words, which mail programs would not put together again.
UNBROKEN: Final = HEAD.clone(max_line_length=900)


def text_part(subtype: str, text: str) -> bytes:
    """A text with its own head. Raises UnicodeEncodeError for what is no text."""
    lines = text.encode().splitlines()
    return _part(f'text/{subtype}; charset="utf-8"', b"\r\n".join([*lines, b""]))


def file_part(name: str, media_type: str, content: bytes) -> bytes:
    """A file beside the text. Its name is of ASCII."""
    return _part(media_type, content, f'Content-Disposition: attachment; filename="{name}"\r\n')


def joined_parts(subtype: str, *parts: bytes) -> bytes:
    """Several parts as one; `subtype` says how they go together, and is not that of one within."""
    boundary = f"=_{subtype}"  # No line of base64 looks like it.
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n'
    begin, end = f"\r\n--{boundary}\r\n".encode(), f"\r\n--{boundary}--\r\n".encode()
    return b"".join([head.encode(), *(begin + part for part in parts), end])


def send(smtp: SMTP, head: EmailMessage, body: bytes, policy: EmailPolicy[EmailMessage] = HEAD) -> None:
    """Send it from whom the head says to whom the head says. Raises as smtplib; IndexError where that is nobody."""
    sender, recipient = (head[name].addresses[0].addr_spec for name in ("From", "To"))
    options = []
    if not (sender + recipient).isascii():
        smtp.ehlo_or_helo_if_needed()
        if not smtp.has_extn("smtputf8"):
            raise SMTPNotSupportedError("The server takes no addresses beyond ASCII.")
        policy, options = policy.clone(utf8=True), ["SMTPUTF8", "BODY=8BITMIME"]
    content = head.as_bytes(policy=policy).removesuffix(b"\r\n") + b"MIME-Version: 1.0\r\n" + body
    smtp.sendmail(sender, [recipient], content, options)


def _part(media_type: str, content: bytes, more: str = "") -> bytes:
    head = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n{more}\r\n"
    return head.encode("ascii") + encodebytes(content).replace(b"\n", b"\r\n")
