"""What is measured of fraud: found, false alarms, how fast, what was not lost; each leads to its cases (FRD-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import atomically, reading
from portal.jobs.figures import renew_all, renew_figures
from portal.kit import clock
from portal.queries.figures import Scope, load_figures
from portal.rules.cases import UNDO_WITHIN, Verdict
from portal.rules.figures import Period
from portal.rules.measures import MEASURES
from portal.services.cases.apply_verdict import apply_verdict
from portal.services.cases.decide_case import decide_case
from portal.services.cases.open_cases import open_cases
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows
from tests.reading_html import links, text_of, tree

pytestmark = [pytest.mark.req("FRD-11"), pytest.mark.usefixtures("books")]

NAMES = ("fraud_rate", "false_positives", "cases_decided", "losses_avoided")


def figures() -> dict[str, int | None]:
    today = clock.now().date()
    period = Period(today - timedelta(days=1), today + timedelta(days=1))
    with reading() as session:
        found = load_figures(
            session, measures=[MEASURES[name] for name in NAMES], scope=Scope("KRW"), period=period, beside=None
        )
    return {one.measure.name: one.now for one in found}


def decide(person: Person, verdict: Verdict, by: Person) -> None:
    [(case_id, version)] = rows("SELECT id, version FROM risk_case WHERE user_id = :id", id=person.id)
    now = clock.now()
    atomically(
        lambda s: decide_case(s, case_id=case_id, verdict=verdict, note="", version=version, actor=by.actor, now=now)
    )
    atomically(lambda s: apply_verdict(s, case_id=case_id, now=now + UNDO_WITHIN + timedelta(seconds=1)))


def test_the_board_counts_verdicts_and_its_figures_open_their_cases(app: APIFlask) -> None:
    mall = make_mall()
    goods = {make_variant(mall, krw=REVIEWED_KRW): 1}
    bea, max_, cem = (make_person(name, now=LONG_AGO) for name in ("bea", "max", "cem"))
    rita = make_person("rita", roles=("risk",))
    for person in (bea, max_, cem):
        make_order(person, mall, goods, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    renew_figures()
    assert figures() == {"fraud_rate": 0, "false_positives": None, "cases_decided": 0, "losses_avoided": 0}

    decide(bea, Verdict.FRAUD, rita)
    decide(max_, Verdict.GENUINE, rita)
    renew_figures()
    # One of three decisions; one of two cases; the order that was voided.
    assert figures() == {
        "fraud_rate": 3333,
        "false_positives": 5000,
        "cases_decided": 2,
        "losses_avoided": REVIEWED_KRW,
    }
    assert renew_all() == 0

    ada = browser(app, make_person("ada", roles=("admin",)))
    page = ada.get("/admin/figures?board=risk&period=7").text
    assert "False alarms" in page
    genuine = ada.get("/admin/cases?view=closed&verdict=genuine").text
    assert str(max_.id)[-8:] in genuine.replace("-", "")
    assert str(bea.id)[-8:] not in genuine.replace("-", "")
    assert "1 case" in genuine
    yesterday = (clock.now() - timedelta(days=2)).date().isoformat()
    assert "No cases here" in ada.get(f"/admin/cases?view=closed&until={yesterday}").text
    assert "/admin/cases?" in page
    today = clock.now().date()
    days = f"from={today - timedelta(days=1)}&until={today + timedelta(days=1)}&lang=en"
    found = text_of(tree(ada.get(f"/admin/figures/rows?of=fraud_rate&{days}").text))
    assert "33.33% · 4 rows · together 1 · divided by 3" in found
    voided = tree(ada.get(f"/admin/figures/rows?of=losses_avoided&{days}").text)
    assert f"₩{REVIEWED_KRW:,} · 1 row" in text_of(voided)
    assert [ada.get(href).status_code for href in links(voided).values() if "/admin/orders/" in href] == [200]
