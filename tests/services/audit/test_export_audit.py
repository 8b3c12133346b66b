"""The trail as a file: what was changed in it, cut off or signed by another is found."""

from __future__ import annotations

import orjson
import pytest

from portal.db import transaction
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.export_audit import export_audit, public_key, verify_export
from tests.conftest import seal_whole_trail

pytestmark = [pytest.mark.req("AUD-01"), pytest.mark.usefixtures("db")]


def exported(count: int = 5, first: int = 1) -> list[bytes]:
    for number in range(count):
        with transaction() as session:
            record(session, Fact(AuditAction.LEDGER_POSTED, f"entry:{number}"), actor=SYSTEM, now=clock.now())
    seal_whole_trail()
    with transaction() as session:
        return list(export_audit(session, first=first, now=clock.now()))


def faults(lines: list[bytes], key: str | None = None) -> list[str]:
    return [one.fault for one in verify_export(lines, key=key or public_key())]


def test_a_file_verifies_whole_and_from_a_later_link_on() -> None:
    lines = exported()
    assert len(lines) == 7
    assert faults(lines) == []
    with transaction() as session:
        later = list(export_audit(session, first=4, now=clock.now()))
    assert len(later) == 4
    assert faults(later) == []


def test_an_empty_trail_is_a_file_too() -> None:
    assert faults(exported(0)) == []


def test_an_altered_record_is_found() -> None:
    lines = exported()
    lines[3] = lines[3].replace(b"entry:2", b"entry:9")
    assert "the record was altered, or does not follow the one before" in faults(lines)
    assert "the file is not the one that was signed" in faults(lines)


def test_a_record_that_was_taken_out_or_a_cut_end_is_found() -> None:
    lines = exported()
    assert "number 2 is missing" in faults(lines[:2] + lines[3:])
    assert faults(lines[:-1]) == ["the end with the signature is missing"]
    assert faults([*lines, lines[1]]) == ["is no line of such a file"]
    assert faults([b"no json\n"]) == ["is no line of such a file"]


def test_a_file_that_somebody_else_signed_is_found() -> None:
    lines = exported()
    assert faults(lines, "00" * 32) == ["the signature is not of this key"]
    foot = orjson.loads(lines[-1])
    forged = orjson.dumps(foot | {"count": 4, "hash": orjson.loads(lines[-3])["hash"]}) + b"\n"
    assert "the signature is not of this key" in faults([*lines[:-2], forged])
