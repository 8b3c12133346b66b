"""How documents are handed out as PDF, to whoever the route lets in."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from flask import Response

from portal.blueprints.access import NotFoundError
from portal.db import reading
from portal.queries.channels import ChannelView
from portal.queries.documents import find_document, load_logo


class Pdf(NamedTuple):
    """A document as a file, and what it is called where it is saved."""

    content: bytes
    name: str


def document_pdf(order_id: uuid.UUID, label: str) -> Pdf:
    """The receipt or credit note of this order with this label. Raises NotFoundError."""
    with reading() as session:
        document = find_document(session, order_id=order_id, label=label.upper())
    if document is None:
        raise NotFoundError
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.receipt import render_receipt

    return Pdf(render_receipt(document.content, logo=document.logo), f"{document.label}.pdf")


def logo_of(channel: ChannelView) -> bytes | None:
    """The picture of a channel's logo, for what is printed in its name."""
    with reading() as session:
        return load_logo(session, channel.brand.get("logo"))


def pdf_of(order_id: uuid.UUID, label: str) -> Response:
    """The same for a browser. Raises NotFoundError."""
    return pdf_answer(*document_pdf(order_id, label))


def pdf_answer(pdf: bytes, name: str) -> Response:
    """A PDF that the browser shows, and keeps nowhere; saved it is called `name`."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
