"""The audit trail as a file that proves itself: chained lines, and a signature over all of them (AUD-01)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.crypto import signing_key
from portal.models import AuditLink, AuditRow
from portal.services.seal_audit import GENESIS, link_hash

FORMAT = "portal-audit/1"
BATCH = 5000


@dataclass(frozen=True, slots=True)
class ExportFault:
    """What is wrong with a file, at which of its lines."""

    line: int
    fault: str


def public_key() -> str:
    """The key that proves signatures of this portal, in hex: noted elsewhere, it tells its files from others'."""
    return signing_key().public_key().public_bytes_raw().hex()


def export_audit(session: Session, *, first: int, now: datetime, most: int | None = None) -> Iterator[bytes]:
    """The lines of a file with the sealed links from `first` on: a head, the links, a foot with the signature.

    At most `most` of them, if that is said: the next file begins with the link after its last one, and holds its hash.
    """
    before = session.scalar(select(AuditLink.hash).where(AuditLink.seq == first - 1)) or GENESIS
    digest = hashlib.sha256()

    def line(facts: dict[str, Any]) -> bytes:
        written = orjson.dumps(facts) + b"\n"
        digest.update(written)
        return written

    yield line({"format": FORMAT, "first": first, "prev_hash": before, "exported_at": now, "key": public_key()})
    count, last = 0, before
    links = session.execute(
        select(AuditLink.seq, AuditRow.payload, AuditLink.hash)
        .join(AuditRow, AuditRow.id == AuditLink.audit_id)
        .where(AuditLink.seq >= first)
        .order_by(AuditLink.seq)
        .limit(most)
        .execution_options(yield_per=BATCH)
    )
    for link in links:
        count, last = count + 1, link.hash
        yield line({"seq": link.seq, "payload": link.payload, "hash": link.hash})
    foot = {"count": count, "hash": last, "sha256": digest.hexdigest()}
    signature = signing_key().sign(orjson.dumps(foot)).hex()
    yield orjson.dumps(foot | {"signature": signature}) + b"\n"


def verify_export(lines: Iterable[bytes], *, key: str) -> list[ExportFault]:
    """Everything that is wrong with a file, read in constant memory; `key` is the public key that one trusts."""
    faults: list[ExportFault] = []
    digest = hashlib.sha256()
    seq, last, count, number, signed = 0, GENESIS, 0, 0, False
    for number, written in enumerate(lines, start=1):
        try:
            facts = orjson.loads(written)
        except orjson.JSONDecodeError:
            facts = None
        if not isinstance(facts, dict) or signed:
            return [*faults, ExportFault(number, "is no line of such a file")]
        if number == 1:
            if facts.get("format") != FORMAT or type(facts.get("first")) is not int:
                return [ExportFault(1, "is no head of such a file")]
            seq, last = facts["first"] - 1, str(facts.get("prev_hash"))
        elif "signature" in facts:
            signed = True
            faults += _foot(facts, digest.hexdigest(), count, last, number, key)
            continue
        else:
            seq, count = seq + 1, count + 1
            faults += [ExportFault(number, one) for one in _link(facts, seq, last)]
            seq, last = facts.get("seq", seq), str(facts.get("hash"))
        digest.update(written)
    return faults if signed else [*faults, ExportFault(number, "the end with the signature is missing")]


def _link(facts: dict[str, Any], seq: int, last: str) -> Iterator[str]:
    if facts.get("seq") != seq:
        yield f"number {seq} is missing"
    if facts.get("hash") != link_hash(last, str(facts.get("payload"))):
        yield "the record was altered, or does not follow the one before"


def _foot(facts: dict[str, Any], sha256: str, count: int, last: str, number: int, key: str) -> Iterator[ExportFault]:
    if (facts.get("count"), facts.get("hash"), facts.get("sha256")) != (count, last, sha256):
        yield ExportFault(number, "the file is not the one that was signed")
    foot = {name: facts.get(name) for name in ("count", "hash", "sha256")}
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(str(facts["signature"])), orjson.dumps(foot))
    except (InvalidSignature, ValueError):
        yield ExportFault(number, "the signature is not of this key")
