"""People in the desk: their page, and what is done about them."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person, make_session
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("IDN-03", "IDN-05")


def test_acts_want_a_reason_and_stand_on_the_page(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    make_session(bea)
    rita = browser(app, make_person("rita", roles=("risk",)))
    path = f"/admin/users/{bea.id}"
    sent = fields(rita.get(f"{path}/block").text)

    assert rita.post(f"{path}/block", data=sent).status_code == 422
    assert rita.post(f"{path}/block", data=sent | {"reason": "Phone <b>stolen</b>"}).status_code == 303
    page = rita.get(path).text
    assert "Phone &lt;b&gt;stolen&lt;/b&gt;" in page
    assert "Unblock signing in" in page
    assert "Signed in nowhere." in page
    assert rita.post(f"{path}/notes", data=sent | {"text": "Called back"}).status_code == 303
    assert "Called back" in rita.get(path).text
    assert "Change roles" not in page


def test_a_change_of_roles_asks_who_one_is(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    ada = browser(app, make_person("ada", roles=("admin",)))
    path = f"/admin/users/{bea.id}/roles"
    page = ada.get(path).text
    sent = fields(page) | {"roles": ["finance"], "reason": "She joins finance"}

    answer = ada.post(path, data=sent)

    assert "/step-up/" in answer.headers["Location"]
    assert "Change a person" in ada.get(answer.headers["Location"]).text
    assert rows("SELECT roles FROM user_account WHERE id = :id", id=bea.id) == [(["buyer"],)]


def test_nobody_has_buttons_for_his_own_account(app: APIFlask) -> None:
    make_mall()
    ada = make_person("ada", roles=("admin",))
    page = browser(app, ada).get(f"/admin/users/{ada.id}").text

    assert "This is your own account" in page
    assert "Change roles" not in page
