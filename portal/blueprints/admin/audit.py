"""The audit trail with the state of its chain (AUD-01)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk import choice_arg, text_arg
from portal.blueprints.desk_words import WORDS, word, words
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.audit_log import chain_state, list_audit
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/audit", "audit", index)


@requires_all(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    """The latest records, each with its place in the chain."""
    ref, actor = text_arg("q"), text_arg("actor")
    action = choice_arg("action", WORDS["action"])
    with reading() as session:
        found = list_audit(
            session, ref=ref or None, action=action, actor=actor or None, cursor=request.args.get("cursor")
        )
        chain = chain_state(session)
        frame = around(session, "admin.audit")
    given: dict[str, Any] = {"q": ref or None, "action": action, "actor": actor or None}
    texts = {
        "q": _("About: %(ref)s", ref=ref),
        "action": _("Act: %(name)s", name=word("action", action)),
        "actor": _("By: %(name)s", name=actor),
    }
    chips = [(texts[name], url_for("admin.audit", **{**given, name: None})) for name, value in given.items() if value]
    return page_or_partial(
        "admin/audit/index.html",
        {"records": "admin/audit/_list.html"},
        found=found,
        chain=chain,
        chips=chips,
        clear_href=url_for("admin.audit"),
        ref=ref,
        action=action,
        actions=[("", _("Any")), *words("action")],
        now=clock.now(),
        **frame,
    )
