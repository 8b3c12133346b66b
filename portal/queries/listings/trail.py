"""The audit trail as a listing: its records with their places in the chain (AUD-01, API-03)."""

from __future__ import annotations

from sqlalchemy import select

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import AuditLink, AuditRow
from portal.queries.audit_log import AuditFilter, narrowed
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.rules.permissions import Permission


def _records(chosen: AuditFilter) -> AnySelect:
    statement: AnySelect = select(
        AuditRow.id,
        AuditLink.seq,
        AuditRow.at,
        AuditRow.actor,
        AuditRow.action,
        AuditRow.ref,
        AuditRow.payload,
        AuditLink.hash,
    ).outerjoin(AuditLink, AuditLink.audit_id == AuditRow.id)
    return narrowed(statement, chosen)


TRAIL = Listing(
    "audit",
    N_("Audit trail"),
    Permission.AUDIT_VIEW,
    AuditFilter,
    (
        Column("seq", N_("Link"), Kind.NUMBER),
        Column("at", N_("Written"), Kind.INSTANT, share=4),
        Column("actor", N_("By"), share=5),
        Column("action", N_("Act"), share=4),
        Column("ref", N_("About"), share=6),
        Column("payload", N_("Record"), share=0),
        Column("hash", N_("Hash"), share=0),
    ),
    _records,
    Sorting((AuditRow.id,), (int,)),
    ("id",),
)
