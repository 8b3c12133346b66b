"""Compare the books with themselves and with the gateways' reports."""

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "--report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A settlement report as CSV, to be received first; docs/imports.md says its columns.",
)
@click.option("--account", metavar="NAME", help="The gateway account that the report is of.")
def reconcile(report: Path | None, account: str | None) -> None:
    """Receive what the gateways report, compare everything, and keep each difference until it is explained.

    The same as every night. Exit code 1 says that differences are open; /admin/reconciliation shows them.
    """
    from portal.config import Settings
    from portal.db import reading
    from portal.jobs.reconciliation import compare, fetch_reports
    from portal.process import start
    from portal.queries.reconciliation import count_open_breaks
    from portal.rules.permissions import SYSTEM

    if (report is None) != (account is None):
        raise click.UsageError("--report and --account belong together.")
    start(Settings.from_environment(os.environ), name="portal reconcile", connections=2)
    if report is not None and account is not None:
        click.echo(f"{_receive(report, account)} movements are new.")
    fetch_reports()
    run = compare(SYSTEM)
    with reading() as session:
        left = count_open_breaks(session)
    click.echo(f"{run.checks} checks: {run.opened} differences are new, {run.closed} are gone, {left} are open.")
    if left:
        raise SystemExit(1)


def _receive(report: Path, account: str) -> int:
    from sqlalchemy import select

    from portal.db import atomically, reading
    from portal.gateways.settlement_csv import ReportUnreadableError, read_report
    from portal.kit import clock
    from portal.kit.errors import PortalError
    from portal.models import GatewayAccount
    from portal.rules.permissions import SYSTEM
    from portal.services.reconciliation.receive_report import receive_report, report_bounds

    with reading() as session:
        account_id = session.scalar(select(GatewayAccount.id).where(GatewayAccount.name == account))
    if account_id is None:
        raise click.ClickException(f"There is no gateway account {account!r}.")
    try:
        with report.open(encoding="utf-8-sig", newline="") as lines:
            movements = list(read_report(lines))
    except (ReportUnreadableError, UnicodeDecodeError) as refusal:
        raise click.ClickException(f"{report.name}: {refusal}") from None
    if not movements:
        return 0
    try:
        return atomically(
            lambda s: receive_report(
                s,
                gateway_account_id=account_id,
                source=report.name,
                period=report_bounds(movements),
                movements=movements,
                actor=SYSTEM,
                now=clock.now(),
            )
        )
    except PortalError as refusal:
        raise click.ClickException(str(refusal)) from None
