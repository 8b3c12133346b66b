"""Reviews and questions of the whole mall: hidden with a reason, shown again (CAT-03)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk_remarks import act_on_remark, remarks_page, shown_version
from portal.blueprints.identity import current_actor
from portal.kit import clock
from portal.rules.permissions import Permission
from portal.services.remarks.answer_remark import hide_remark, show_remark


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/remarks", "remarks", index)
    bp.add_url_rule("/remarks/<uuid:remark_id>/hiding", "remark_hiding", hide, methods=["POST"])
    bp.add_url_rule("/remarks/<uuid:remark_id>/showing", "remark_showing", show, methods=["POST"])


@requires_all(Permission.REMARK_VIEW)
def index() -> ResponseReturnValue:
    """All of them, by what everybody reads and what not."""
    return remarks_page("admin", _enter)


@requires_all(Permission.REMARK_MODERATE)
def hide(remark_id: uuid.UUID) -> ResponseReturnValue:
    """Hide one; why is kept."""
    actor, now, reason, version = current_actor(), clock.now(), request.form.get("reason", ""), shown_version()
    return act_on_remark(
        "admin",
        _enter,
        remark_id,
        lambda s: hide_remark(s, remark_id=remark_id, reason=reason, version=version, actor=actor, now=now),
        _("Hidden."),
    )


@requires_all(Permission.REMARK_MODERATE)
def show(remark_id: uuid.UUID) -> ResponseReturnValue:
    """Let everybody read it again."""
    actor, now, version = current_actor(), clock.now(), shown_version()
    return act_on_remark(
        "admin",
        _enter,
        remark_id,
        lambda s: show_remark(s, remark_id=remark_id, version=version, actor=actor, now=now),
        _("Everybody can read it again."),
    )


def _enter(session: Session) -> tuple[dict[str, Any], int | None, str | None]:
    frame = around(session, "admin.remarks")
    return frame | {"may_answer": False, "may_hide": may_all(Permission.REMARK_MODERATE)}, None, None
