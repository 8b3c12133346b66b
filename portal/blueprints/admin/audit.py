"""The audit trail with the state of its chain (AUD-01)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk import choice_arg, days_arg, text_arg
from portal.blueprints.desk_words import WORDS, word, words
from portal.blueprints.payment_history import day_chips
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.audit_log import AuditFilter, chain_state, list_audit
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/audit", "audit", index)


def audit_filter() -> AuditFilter:
    """What the address asks for."""
    ref, actor, device, ip = (text_arg(name) for name in ("q", "actor", "device", "ip"))
    action, days = choice_arg("action", WORDS["action"]), days_arg()
    return AuditFilter(ref, action, actor, days.start, days.end, _id(device) if device else None, ip)


@requires_all(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    """The latest records, each with its place in the chain."""
    ref, actor, device, ip = (text_arg(name) for name in ("q", "actor", "device", "ip"))
    action, days = choice_arg("action", WORDS["action"]), days_arg()
    with reading() as session:
        found = list_audit(session, chosen=audit_filter(), cursor=request.args.get("cursor"))
        chain = chain_state(session)
        frame = around(session, "admin.audit")
    given: dict[str, Any] = {"q": ref, "action": action, "actor": actor, "device": device, "ip": ip}
    kept = {"from": days.first, "until": days.last}
    texts = {
        "q": _("About: %(ref)s", ref=ref),
        "action": _("Act: %(name)s", name=word("action", action)),
        "actor": _("By: %(name)s", name=actor),
        "device": _("Device: %(name)s", name=device),
        "ip": _("IP address: %(name)s", name=ip),
    }
    present = {name: value for name, value in {**given, **kept}.items() if value}

    def without(*names: str) -> str:
        return url_for("admin.audit", **{name: value for name, value in present.items() if name not in names})

    chips = [(texts[name], without(name)) for name, value in given.items() if value] + day_chips(days, without)
    return page_or_partial(
        "admin/audit/index.html",
        {"records": "admin/audit/_list.html"},
        found=found,
        chain=chain,
        chips=chips,
        clear_href=url_for("admin.audit"),
        ref=ref,
        actor=actor,
        device=device,
        ip=ip,
        days=days,
        action=action,
        actions=[("", _("Any")), *words("action")],
        now=clock.now(),
        **frame,
    )


def _id(typed: str) -> uuid.UUID:
    """The id of a device; what is none is one that nobody has."""
    try:
        return uuid.UUID(typed)
    except ValueError:
        return uuid.UUID(int=0)
