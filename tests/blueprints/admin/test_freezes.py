"""Freezing and clearing an account from its page."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.order import give_deposit
from tests.factories.refund import rows

pytestmark = pytest.mark.req("FRD-07", "FRD-08")


def test_an_account_is_frozen_and_cleared_with_a_reason(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    rita = browser(app, make_person("rita", roles=("risk",)))
    path = f"/admin/users/{bea.id}"
    sent = fields(rita.get(f"{path}/freeze").text)

    assert rita.post(f"{path}/freeze", data=sent).status_code == 422
    assert rita.post(f"{path}/freeze", data=sent | {"reason": "no_reason"}).status_code == 422
    chosen = sent | {"reason": "account_taken_over", "note": "Phone <b>stolen</b>"}
    assert rita.post(f"{path}/freeze", data=chosen).status_code == 303
    assert rita.post(f"{path}/freeze", data=chosen).status_code == 303
    page = rita.get(path).text
    assert "The account may be in other hands" in page
    assert "Phone &lt;b&gt;stolen&lt;/b&gt;" in page
    assert rows("SELECT count(*) FROM account_freeze") == [(1,)]

    sent = fields(rita.get(f"{path}/clearance").text)
    assert rita.post(f"{path}/clearance", data=sent).status_code == 422
    assert rita.post(f"{path}/clearance", data=sent | {"note": "Her phone is back"}).status_code == 303
    assert rita.post(f"{path}/clearance", data=sent | {"note": "Her phone is back"}).status_code == 409
    assert "Her phone is back" in rita.get(path).text


def test_without_the_permission_there_is_neither_button_nor_page(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    olga = browser(app, make_person("olga", roles=("operations",)))

    assert "Freeze the account" not in olga.get(f"/admin/users/{bea.id}").text
    assert olga.get(f"/admin/users/{bea.id}/freeze").status_code == 403


def test_a_procedure_is_written_begins_with_a_freeze_and_is_ticked_off(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    rita = browser(app, make_person("rita", roles=("risk",)))
    sent = fields(rita.get("/admin/procedures/new").text)
    filled = sent | {"name": "Taken over", "reasons": "account_taken_over", "steps": "Call <b>her</b>\n? Tell the bank"}

    assert rita.post("/admin/procedures/new", data=filled | {"steps": ""}).status_code == 422
    assert rita.post("/admin/procedures/new", data=sent | {"steps": "Call her"}).status_code == 422
    assert rita.post("/admin/procedures/new", data=filled).status_code == 303
    assert "Call &lt;b&gt;her&lt;/b&gt;" in rita.get("/admin/procedures").text
    [(procedure_id,)] = rows("SELECT id FROM remediation_procedure")
    edit = f"/admin/procedures/{procedure_id}"
    shown = fields(rita.get(edit).text) | {"name": "Taken over", "reasons": "account_taken_over", "steps": "Call her"}
    assert rita.post(edit, data=shown).status_code == 303
    assert rita.post(edit, data=shown).status_code == 409

    path = f"/admin/users/{bea.id}"
    freeze = fields(rita.get(f"{path}/freeze").text) | {"reason": "account_taken_over"}
    assert rita.post(f"{path}/freeze", data=freeze).status_code == 303
    assert "0 of 1 done" in rita.get(path).text
    assert "Clear it although steps are open" in rita.get(f"{path}/clearance").text
    note = freeze | {"note": "Her phone is back"}
    assert rita.post(f"{path}/clearance", data=note).status_code == 409
    [(remediation_id,)] = rows("SELECT id FROM remediation")
    step = f"/admin/remediations/{remediation_id}/steps/0"
    assert rita.post(step, data=freeze | {"done": "y", "note": "She answered"}).status_code == 303
    assert "She answered" in rita.get(path).text
    assert rita.post(f"/admin/remediations/{remediation_id}/steps/7", data=freeze | {"done": "y"}).status_code == 404
    assert rita.post(f"{path}/clearance", data=note).status_code == 303
    closed = fields(rita.get("/admin/procedures").text) | {"state": "closed", "version": "2"}
    assert rita.post(f"{edit}/state", data=closed).status_code == 303


@pytest.mark.req("ANA-03")
@pytest.mark.usefixtures("books")
def test_accounts_behind_chosen_rows_are_frozen_together(app: APIFlask) -> None:
    make_mall()
    bea, max_ = make_person("bea"), make_person("max")
    for person in (bea, max_):
        give_deposit(person, 1_000)
    ada = browser(app, make_person("ada", roles=("admin",)))
    page = "/admin/balances?kind=deposit"
    shown = ada.get(page).text
    assert all(f'value="{one.id}"' in shown for one in (bea, max_))
    form = "/admin/users/freezes?kind=deposit&list=balances"
    chosen = {"csrf_token": fields(shown)["csrf_token"], "ids": [str(bea.id), str(bea.id), str(max_.id), "x"]}
    assert ada.post(form, data=chosen).location.endswith(page)
    assert rows("SELECT count(*) FROM account_freeze") == [(0,)], "without a reason nobody is"
    ada.post(form, data=chosen | {"reason": "incentive_abuse"})
    assert rows("SELECT user_id, reason FROM account_freeze ORDER BY 1") == [
        (one, "incentive_abuse") for one in sorted((bea.id, max_.id))
    ]
    assert "Done with 2 of the list." in ada.get(page).text
    assert ada.post(form.replace("balances", "orders"), data=chosen | {"reason": "other"}).status_code == 404
    assert "freeze-reason" not in browser(app, make_person("mia", roles=("marketing",))).get("/admin/redemptions").text
