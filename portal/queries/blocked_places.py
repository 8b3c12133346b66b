"""Whether somebody is let in from where he is: what the lists of risk say of a place (FRD-04)."""

from __future__ import annotations

from typing import Any

from portal.crypto import blind_index
from portal.kit.networks import plain_address


def let_in(*, device: str | None, email_index: str) -> str:
    """SQL for whether nothing of a place is blocked, or something of it or its person is trusted.

    It takes `:ip`, `:ip_index` and `:now`; `device` and `email_index` are columns of the statement around it.
    """
    names = "('ip', :ip_index)" + (f", ('device', uuid_send({device}))" if device else "")
    return f"""
       (SELECT NOT coalesce(bool_or(l.mode = 'block'), false) OR bool_or(l.mode = 'allow') FROM (
               SELECT e.mode, e.expires_at FROM risk_list_entry e
                WHERE e.removed_at IS NULL AND (e.kind, e.value_index) IN ({names})
                UNION ALL
               SELECT e.mode, e.expires_at FROM risk_list_entry e
                WHERE e.removed_at IS NULL AND e.network IS NOT NULL AND e.network >>= CAST(:ip AS inet)
                UNION ALL
               SELECT e.mode, e.expires_at FROM risk_list_entry e
                WHERE e.removed_at IS NULL AND e.mode = 'allow'
                  AND (e.kind, e.value_index) IN (('email', {email_index}))) l
         WHERE l.expires_at IS NULL OR l.expires_at > :now)"""  # noqa: S608  # Columns of our own.


def values_of(ip: str | None) -> dict[str, Any]:
    """What let_in() takes of an address; nothing is blocked of one that cannot be read."""
    known = plain_address(ip)
    return {"ip": known, "ip_index": blind_index(f"ip:{known}") if known else b""}
