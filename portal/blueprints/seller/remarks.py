"""Reviews of the store's goods and questions about them, to be answered (CAT-03)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.desk import requires_in
from portal.blueprints.desk_remarks import act_on_remark, remarks_page, shown_version
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, desk_of
from portal.kit import clock
from portal.rules.permissions import Permission, Scope
from portal.services.remarks.answer_remark import answer_remark


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/remarks", "remarks", index)
    bp.add_url_rule("/remarks/<uuid:remark_id>/answer", "remark_answer", answer, methods=["POST"])


@requires_in(Permission.REMARK_VIEW, Scope.STORE)
def index() -> ResponseReturnValue:
    """Questions without an answer first."""
    return remarks_page("seller", _enter)


@requires_in(Permission.REMARK_ANSWER, Scope.STORE)
def answer(remark_id: uuid.UUID) -> ResponseReturnValue:
    """Answer one, or write the answer anew."""
    actor, now, words, version = current_actor(), clock.now(), request.form.get("text", ""), shown_version()
    return act_on_remark(
        "seller",
        _enter,
        remark_id,
        lambda s: answer_remark(s, remark_id=remark_id, words=words, version=version, actor=actor, now=now),
        _("Answered. Everybody can read it."),
    )


def _enter(session: Session) -> tuple[dict[str, Any], int | None, str | None]:
    desk = desk_of(session)
    frame = around(desk, "seller.remarks") | {"may_answer": True, "may_hide": False}
    return frame, desk.store.id, desk.store_arg
