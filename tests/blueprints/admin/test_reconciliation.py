"""The desk's pages of differences."""

from __future__ import annotations

from uuid import UUID

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.kit import clock
from portal.queries.settlement_differences import DIFFERENCE_KINDS, Difference
from portal.rules.permissions import SYSTEM
from portal.services.reconciliation.record_run import record_run
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("BAL-11")


def differ(*differences: Difference) -> list[UUID]:
    with transaction() as session:
        now = clock.now()
        record_run(session, differences=differences, checks=3, started_at=now, actor=SYSTEM, now=now)
    return [row[0] for row in rows("SELECT id FROM reconciliation_break ORDER BY subject")]


def test_a_difference_is_seen_taken_and_explained(app: APIFlask) -> None:
    make_mall()
    fay = make_person("fay", roles=("finance",))
    client = browser(app, fay)
    assert "Not compared yet" in client.get("/admin/reconciliation?lang=en").text
    (one,) = differ(Difference("charge_amount", "stripe:pi_1", {"order": None}, "KRW", 30_269, 30_000))
    listed = client.get("/admin/reconciliation").text
    assert "The gateway took another amount than the payment says" in listed
    assert "₩30,269" in listed
    path = f"/admin/reconciliation/{one}"
    page = client.get(path).text
    assert "-₩269" in page
    token = {"csrf_token": fields(page)["csrf_token"]}
    assert client.post(f"{path}/owner", data=token).status_code == 303
    page = client.get(path).text
    assert "Fay" in page
    assert f"{path}/owner" not in page
    refused = client.post(f"{path}/explanation", data=token | {"note": " "})
    assert (refused.status_code, "Say what it was" in refused.text) == (422, True)
    assert client.post(f"{path}/explanation", data=token | {"note": "Rounded by the vendor."}).status_code == 303
    again = client.post(f"{path}/explanation", data=token | {"note": "Twice."})
    assert (again.status_code, "closed meanwhile" in again.text) == (409, True)
    assert "Everything agrees" in client.get("/admin/reconciliation").text
    assert "Explained" in client.get("/admin/reconciliation?view=all").text


def test_every_kind_has_words_in_both_languages(app: APIFlask) -> None:
    make_mall()
    client = browser(app, make_person("fay", roles=("finance",)))
    differ(*(Difference(kind, kind, {}, "KRW", 1, 2) for kind in (*DIFFERENCE_KINDS, "broken_rule")))
    for lang in ("en", "ko"):
        page = client.get("/admin/reconciliation", query_string={"lang": lang}).text
        assert [kind for kind in DIFFERENCE_KINDS if kind.replace("_", " ") in page] == []


def test_an_auditor_reads_and_changes_nothing(app: APIFlask) -> None:
    make_mall()
    (one,) = differ(Difference("charge_unknown", "stripe:pi_1", {}, "KRW", 0, 5))
    client = browser(app, make_person("ann", roles=("auditor",)))
    page = client.get(f"/admin/reconciliation/{one}").text
    assert "/explanation" not in page
    token = {"csrf_token": fields(page)["csrf_token"]}
    for act in ("owner", "explanation"):
        assert client.post(f"/admin/reconciliation/{one}/{act}", data=token | {"note": "x"}).status_code == 403
    assert rows("SELECT state, owner_id FROM reconciliation_break") == [("open", None)]
