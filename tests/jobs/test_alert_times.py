"""From what happens to whoever has to know of it: less than two minutes, by the timetable itself (PRF-04)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.jobs.outbox import handle_events
from portal.jobs.schedule import TIMETABLE
from portal.kit import clock
from portal.rules.propagation import TARGET_MS
from portal.services.outbox import Event, emit
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("PRF-04"), pytest.mark.usefixtures("books")]

LIMIT_S = 120
# What notices that something is wrong, or tells of it.
WATCHES = (
    *("watch_propagation", "watch_rules", "watch_coupons", "watch_disputes", "watch_deadlines", "watch_bounds"),
    *("gather_cases", "send_waiting_mails", "renew_figures", "escalate_refunds", "watch_stock", "watch_tickets"),
)


def run_until(told: Callable[[], bool], *names: str) -> int:
    """Run lines of the timetable by a clock of our own until somebody is told; the seconds on that clock."""
    began = clock.now()
    lines = [entry for entry in TIMETABLE if entry.name in names]
    assert len(lines) == len(names)
    for second in range(LIMIT_S + 1):
        with clock.frozen(began + timedelta(seconds=second)):
            for entry in lines:
                # Its first look may come as late as its period: just before the fault it had looked.
                if second and second % int(entry.every_s) == 0:
                    entry.work()
            handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL")])
        if told():
            return second
    raise AssertionError("nobody was told")


def is_told(kind: str) -> Callable[[], bool]:
    return lambda: rows("SELECT count(*) FROM notice WHERE kind = :kind", kind=kind)[0][0] > 0


def test_each_watch_looks_often_enough() -> None:
    periods = {entry.name: entry.every_s for entry in TIMETABLE}
    assert [name for name in WATCHES if 2 * periods[name] > LIMIT_S] == []


def test_late_changes_are_told_of_in_time() -> None:
    mall = make_mall()
    make_person("ada", roles=("admin",))
    with transaction() as session:
        emit(session, Event("nobody.hears", "cart:1", channel_id=mall.kr.id), now=clock.now())

    def hide() -> bool:
        # The relay is dead: nothing was told and nothing is handled.
        with transaction() as session:
            session.execute(text("UPDATE outbox_event SET told_at = NULL, handled_at = NULL"))
        return is_told("changes_late")()

    assert TARGET_MS / 1000 < run_until(hide, "watch_propagation") < LIMIT_S


def test_a_case_of_risk_is_told_of_in_time() -> None:
    mall, bea = make_mall(), make_person("bea", now=LONG_AGO)
    make_person("ria", roles=("risk",))
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    kinds = "SELECT count(*) FROM notice n JOIN user_account u ON u.id = n.user_id WHERE 'risk' = ANY (u.roles)"
    assert run_until(lambda: rows(kinds)[0][0] > 0, "gather_cases") < LIMIT_S
