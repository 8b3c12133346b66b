"""The audit trail for programs: looked through, and handed out as a file that proves itself (API-03, AUD-01)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FileReply, operation
from portal.blueprints.api.problems import RequestInvalidError, fault
from portal.blueprints.api.v1.audit import examples
from portal.blueprints.api.v1.audit.schemas import AuditFileQuery, AuditPage, AuditQuery, AuditRecord, Chain
from portal.blueprints.api.v1.exports.reading import NO_ZONE
from portal.db import atomically, database, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.audit_log import AuditFilter, chain_state, list_audit
from portal.rules.permissions import Permission
from portal.services.audit import AuditAction, Fact, record
from portal.services.export_audit import export_audit, public_key

TAG = "Audit"
NDJSON = "application/x-ndjson"


@operation(
    "GET",
    "/audit",
    tag=TAG,
    summary="List records of the audit trail",
    description="The latest first, each with its place in the chain. As CSV: POST /exports with the list `audit`.",
    permission=Permission.AUDIT_VIEW,
    query=AuditQuery,
    answer=AuditPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_audit_records(query: AuditQuery) -> AuditPage:
    since, until = _instant("since", query.since), _instant("until", query.until)
    chosen = AuditFilter(query.ref, query.action, query.actor, since, until)
    with reading() as session:
        page = list_audit(session, chosen=chosen, cursor=query.cursor, rows_max=query.limit, count=False)
    return AuditPage.of(
        page,
        [
            AuditRecord(
                id=row.id,
                at=row.at,
                actor=row.actor,
                action=row.action,
                ref=row.ref,
                facts=dict(row.facts),
                link=row.seq,
                hash=row.hash,
                holds=row.holds,
            )
            for row in page.rows
        ],
    )


@operation(
    "GET",
    "/audit/chain",
    tag=TAG,
    summary="Show how far the chain reaches",
    description="Note the last hash elsewhere from time to time: a trail that was written anew has another one.",
    permission=Permission.AUDIT_VIEW,
    answer=Chain,
    example=examples.CHAIN,
)
def show_audit_chain() -> Chain:
    with reading() as session:
        state = chain_state(session)
    return Chain(links=state.seq, hash=state.hash, sealed_at=state.sealed_at, waiting=state.waiting, key=public_key())


@operation(
    "GET",
    "/audit/file",
    tag=TAG,
    summary="Take the sealed trail as a file",
    description=(
        "A line of JSON each: a head, the links in their order, and a foot with their number, the last hash, the "
        "SHA-256 of all lines before it and a signature (Ed25519). `portal audit verify FILE --key KEY` reads it, as "
        "docs/auditing.md says without the portal. A file that was cut off has no foot. Taking it is recorded."
    ),
    permission=Permission.AUDIT_VIEW,
    query=AuditFileQuery,
    answer=None,
    answer_text="The file.",
    example=examples.FILE,
    files=(NDJSON,),
)
def take_audit_file(query: AuditFileQuery) -> FileReply:
    actor, now, first, most = api_actor(), clock.now(), query.first, query.limit
    after = {"listing": "audit", "first": first, "most": most}
    fact = Fact(AuditAction.LIST_EXPORT_TAKEN, f"audit:{first}", after=after)
    atomically(lambda s: record(s, fact, actor=actor, now=now))

    def lines() -> Iterator[bytes]:
        with database.snapshot() as opened:
            yield from export_audit(opened, first=first, now=now, most=most)

    return FileReply(lines(), NDJSON, f"audit-{first}-{now:%Y-%m-%d}.ndjson")


def _instant(name: str, given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise RequestInvalidError([fault(name, "value_invalid", NO_ZONE)])
    return given
