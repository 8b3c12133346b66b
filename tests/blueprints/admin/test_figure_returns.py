"""What incentives return, and what people answer: tiles, charts, files and rows say the same (ANA-01, INC-05)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import psycopg
import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import reading, transaction
from portal.jobs.figures import prove_figures, renew_all, renew_figures
from portal.kit import clock
from portal.models import Automation, FigureState
from portal.queries.automations import load_outcomes
from portal.queries.figure_rows import load_figure_rows
from portal.queries.figures import Scope, load_figures, load_points
from portal.rules.figures import Groups, Period, gain_of
from portal.rules.measures import MEASURES
from portal.services.incentives.measure_automation import evidence_of
from tests.blueprints.admin.test_figures import show_offers
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import give, make_campaign
from tests.factories.refund import rows
from tests.reading_html import by_id, links, text_of, tree
from tests.services.incentives.test_pausing import FILL

pytestmark = pytest.mark.req("ANA-01", "INC-05")
DAYS = 40


def of(period: Period, name: str) -> int | None:
    with reading() as session:
        [found] = load_figures(session, measures=[MEASURES[name]], scope=Scope("KRW"), period=period, beside=None)
    return found.now


def test_returns_compare_people_by_lot_and_every_sight_says_the_same(app: APIFlask, settings: Settings) -> None:
    make_mall()
    ada, campaign = make_person("ada", roles=("admin",)), make_campaign("grant")
    client = browser(app, ada)
    blank = tree(client.get("/admin/figures?board=incentives").text)
    assert "no data" in text_of(by_id(blank, "measure-roii"))
    assert links(by_id(blank, "figure-tiles"))["Experiments show the range of each."] == "/admin/experiments"
    fill_shoppers(settings.database_owner_url, customers=200)
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        for statement in FILL:
            owner.execute(statement, {"campaign": campaign, "ada": ada.id})
        owner.execute("UPDATE coupon_use SET amount_minor = 1000")
        # Their time was over on three days.
        owner.execute("UPDATE incentive_assignment SET assigned_at = assigned_at - (id % 3) * interval '1 day'")
    renew_all()
    now = clock.now()
    period = Period(now.date() - timedelta(days=DAYS), now.date() + timedelta(days=1))
    figure, measure = of(period, "roii"), MEASURES["roii"]
    with reading() as session:
        outcomes = load_outcomes(session, automation_id=1, now=now)
        evidence = evidence_of(session.get_one(Automation, 1), outcomes)
        found = load_figure_rows(session, measure=measure, scope=Scope("KRW"), period=period, cursor=None, now=now)
        points = load_points(session, measure=measure, scope=Scope("KRW"), period=period)
    assert evidence is not None
    assert found is not None
    assert figure is not None
    assert abs(figure - evidence.roii.value) <= 1, "the page of experiments says the same"
    assert (found.value, points[0].value, points[-1].value) == (figure, None, figure)
    said = f"{figure / 100:,.2f}".rstrip("0").rstrip(".") + "%"
    address = f"/admin/figures?board=incentives&from={period.first}&until={period.last}&lang=en"
    page = tree(client.get(address).text)
    assert said.replace("-", "\u2212") in text_of(by_id(page, "measure-roii")).replace("-", "\u2212")
    assert "Incremental net revenue ÷ incentive cost." in text_of(by_id(page, "definition-roii"))
    assert "Better isMore" in text_of(by_id(page, "definition-roii"))
    [experiment] = {href for href in links(page).values() if "of=roii" in href and "key=1" in href}
    assert f"{found.count} rows" in text_of(tree(client.get(experiment).text))
    file = list(csv.reader(io.StringIO(client.get(address.replace("figures?", "figures.csv?")).text)))
    [column] = [place for place, head in enumerate(file[0]) if "ROII" in head]
    assert float(file[-1][column]) == figure / 100
    # An order that moves afterwards moves the figure, and by night nothing is wrong.
    renew_figures()
    with transaction() as session:
        session.execute(
            text("UPDATE figure_state SET renewed_at = now(), transition_id = (SELECT max(id) FROM transition)")
        )
    prove_figures()
    with reading() as session:
        assert session.get_one(FigureState, 1).proved_differences == 0


def test_groups_that_are_too_small_are_left_out() -> None:
    experiments = [Groups(100, 20, 1_000, 100, 50), Groups(100, 19, 9_999, 0, 1), Groups(19, 100, 9_999, 0, 1)]
    assert gain_of(experiments) == (500, 50)
    assert gain_of([]) == (0, 0)


@pytest.mark.usefixtures("books")
def test_engagement_is_what_people_did_of_what_they_were_offered() -> None:
    mall, bea = make_mall(), make_person("bea")
    give(make_campaign(), bea)
    show_offers(mall, bea, 3)
    renew_all()
    now = clock.now()
    period = Period(now.date() - timedelta(days=9), now.date() + timedelta(days=1))
    assert (of(period, "engagement"), of(period, "told")) == (0, 4)
    with transaction() as session:
        session.execute(text("UPDATE offer_choice SET taken_at = now() WHERE id = (SELECT max(id) FROM offer_choice)"))
    renew_figures()
    assert of(period, "engagement") == 2_500
    assert rows("SELECT key, value FROM figure_day WHERE fact = 'told' ORDER BY 1") == [("coupons", 1), ("offers", 3)]
