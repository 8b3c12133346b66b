"""`portal audit` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli.audit import audit
from portal.config import Settings
from portal.db import database, transaction
from portal.kit import clock
from portal.process import start
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from tests.cli.shown import Run
from tests.conftest import seal_whole_trail


@pytest.fixture
def run(db: None, settings: Settings) -> Iterator[Run]:
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(audit, [*map(str, arguments)], env=environment)

    yield invoke
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")


@pytest.mark.req("AUD-01")
def test_the_trail_is_written_signed_and_proved(run: Run, tmp_path: Path) -> None:
    with transaction() as session:
        record(session, Fact(AuditAction.LEDGER_POSTED, "entry:1"), actor=SYSTEM, now=clock.now())
    seal_whole_trail()
    file = tmp_path / "audit.jsonl"

    written = run("export", file)
    assert written.exit_code == 0, written.output
    assert run("verify").output.endswith("The chain verifies.\n")
    assert run("verify", file).output.endswith("The file verifies.\n")

    file.write_bytes(file.read_bytes().replace(b"entry:1", b"entry:2"))
    broken = run("verify", file)
    assert broken.exit_code == 1
    assert "line 2: the record was altered" in broken.output
    assert "the signature is not of this key" in run("verify", file, "--key", "00" * 32).output
