"""The label of a return as PDF, and its pictures, for its buyer and for desks."""

from __future__ import annotations

import uuid

from flask import Response
from flask_babel import get_locale

from portal import formatting
from portal.blueprints.access import NotFoundError
from portal.blueprints.context import translated
from portal.blueprints.documents import Pdf, pdf_answer
from portal.blueprints.return_words import options_text
from portal.blueprints.uploads import file_answer
from portal.db import reading
from portal.queries.returns import ReturnView, load_picture

HAS_LABEL = frozenset({"approved", "sent"})


def label_of(case: ReturnView) -> Response:
    """The label for a browser. Raises NotFoundError."""
    return pdf_answer(*label_pdf(case))


def label_pdf(case: ReturnView) -> Pdf:
    """The label, as long as there is something to send back. Raises NotFoundError."""
    if case.status not in HAS_LABEL:
        raise NotFoundError
    # Fonts and typesetting are loaded with the first document: other pages can do without them.
    from portal.documents.return_label import ReturnLabel, render_return_label
    from portal.documents.slips import SlipLine, address_lines

    lines = [
        SlipLine(line.sku, translated(dict(line.name)), options_text(line.options), line.to_come())
        for line in case.lines
    ]
    label = ReturnLabel(
        number=case.number,
        order=case.order_number,
        store=translated(dict(case.store_name)),
        send_to=(case.return_to or "").splitlines(),
        sender=address_lines(case.buyer_address),
        lines=[line for line in lines if line.pieces],
        way_back=case.way_back,
        send_by=formatting.day(case.send_by) if case.send_by else "",
        locale=str(get_locale()),
    )
    return Pdf(render_return_label(label), f"{case.number}.pdf")


def picture_of(return_id: uuid.UUID, picture_id: uuid.UUID) -> Response:
    """A picture of this case. Raises NotFoundError."""
    with reading() as session:
        found = load_picture(session, return_id=return_id, picture_id=picture_id)
    if found is None:
        raise NotFoundError
    return file_answer(*found)
