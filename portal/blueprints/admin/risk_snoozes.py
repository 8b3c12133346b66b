"""A rule of risk made quiet for one person or IP address, until a time, and heard again before it (FRD-02)."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import timedelta

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import requires_all
from portal.blueprints.admin.risk_rules import rule_page
from portal.blueprints.identity import current_actor
from portal.crypto import email_index
from portal.db import atomically
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import User
from portal.rules.permissions import Permission
from portal.services.fraud.snooze_rule import end_snooze, snooze_rule

DAYS_MAX = 180


def hang(bp: Blueprint) -> None:
    path = "/risk/rules/<name>/snoozes"
    bp.add_url_rule(path, "risk_rule_snooze", begin, methods=["POST"])
    bp.add_url_rule(f"{path}/<uuid:snooze_id>/end", "risk_rule_snooze_end", end, methods=["POST"])


@requires_all(Permission.FRAUD_DECIDE)
def begin(name: str) -> ResponseReturnValue:
    """Make the rule quiet for whoever was typed."""
    actor, now = current_actor(), clock.now()
    typed = {field: request.form.get(field, "").replace("\0", "").strip() for field in ("value", "days", "reason")}
    days = min(int(typed["days"]), DAYS_MAX + 1) if typed["days"].isascii() and typed["days"].isdigit() else 0

    def work(session: Session) -> None:
        kind, value = _meant(session, typed["value"])
        snooze_rule(
            session,
            actor=actor,
            rule=name,
            kind=kind,
            value=value,
            until=now + timedelta(days=days),
            reason=typed["reason"],
            now=now,
        )

    try:
        atomically(work)
    except PortalError as error:
        return rule_page(name, error, typed)
    flash(_("Done. It is noted there, and does nothing."), "success")
    return done(location=url_for("admin.risk_rule", name=name))


@requires_all(Permission.FRAUD_DECIDE)
def end(name: str, snooze_id: uuid.UUID) -> ResponseReturnValue:
    """Let it speak again."""
    actor, now = current_actor(), clock.now()
    atomically(lambda session: end_snooze(session, actor=actor, snooze_id=snooze_id, now=now))
    return done(location=url_for("admin.risk_rule", name=name))


def _meant(session: Session, typed: str) -> tuple[str, str]:
    """The kind and value that rules are asked by; an empty value for nobody."""
    try:
        return "ip", str(ipaddress.ip_address(typed))
    except ValueError:
        pass
    found = session.scalar(select(User.id).where(User.email_index == email_index(typed.lower()))) if typed else None
    return "user", str(found) if found else ""
