"""The pages of corrections: prepared, confirmed, approved by somebody else, undone (BAL-07)."""

from __future__ import annotations

import io

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.order import give_deposit
from tests.factories.refund import rows

pytestmark = pytest.mark.req("BAL-07", "IDN-05")


@pytest.fixture
def desk(app: APIFlask, books: None) -> tuple[FlaskClient, FlaskClient, Person]:
    make_mall()
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    roles = ("buyer", "finance")
    return browser(app, make_person("fay", roles=roles)), browser(app, make_person("fred", roles=roles)), bea


def post(client: FlaskClient, path: str, data: dict[str, object], *, page: str | None = None) -> str:
    """Send a form of a page with its hidden fields; the address that it leads to."""
    hidden = fields(client.get(page or path).text)
    kind = "multipart/form-data" if "file" in data else None
    answer = client.post(path, data={**hidden, **data}, content_type=kind)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_from_a_file_to_the_books_with_a_second_person_and_back(
    desk: tuple[FlaskClient, FlaskClient, Person],
) -> None:
    fay, fred, bea = desk
    file = io.BytesIO('이메일,금액\nbea@example.com,"150,000"\nnobody@example.com,5\n'.encode("cp949"))
    here = post(
        fay,
        "/admin/adjustments/new?for=file",
        {"kind": "deposit", "currency": "KRW", "reason": "Broken top-up", "file": (file, "a.csv")},
    )
    page = fay.get(here).text
    assert "Nobody has this e-mail address or id." in page
    assert "••••" in page
    assert "bea@example.com" not in page
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'balance:viewed'") == [(0,)]
    shown = fay.get(post(fay, f"{here}/balance-view", {"cursor": "", "state": ""}, page=here)).text
    assert "₩5,000" in shown
    assert "₩155,000" in shown
    viewed = "SELECT actor <> ref, ref FROM audit_row WHERE action = 'balance:viewed'"
    assert rows(viewed) == [(True, f"user:{bea.id}")]
    post(fay, f"{here}/confirmation", {}, page=here)
    assert "Somebody else has to approve it." in fay.get(here).text
    assert fay.post(f"{here}/approval", data=fields(fay.get(here).text)).status_code == 403
    post(fred, f"{here}/approval", {}, page=here)
    assert rows("SELECT balance_minor FROM ledger_account WHERE cached") == [(155_000,)]
    late = fay.post(f"{here}/approval", data=fields(fay.get(here).text))
    assert late.status_code == 409
    assert "Fred has decided" in late.text
    post(fred, f"{here}/reversal", {"reason": "Wrong person"}, page=here)
    assert rows("SELECT balance_minor FROM ledger_account WHERE cached") == [(5_000,)]
    report = fay.get(f"{here}/report.csv").data.decode("utf-8-sig").splitlines()
    assert report[1].startswith(f"1,{bea.id},150000,Undone,")
    assert "example.com" not in "".join(report)


@pytest.mark.parametrize(
    ("source", "data", "said"),
    [
        ("person", {"person": "bea@example.com", "amount": "5.5"}, "whole"),
        ("person", {"person": "", "amount": "5"}, "1 to 20,000 people"),
        ("list", {"people": "bea@example.com", "amount": "5", "reason": "no"}, "Say why"),
        ("campaign", {"amount": "5", "campaign": "x"}, "1 to 20,000 people"),
        ("file", {}, "person and amount"),
        ("person", {"person": "bea@example.com", "amount": "5", "kind": "commission"}, "cannot be corrected"),
    ],
)
def test_a_form_that_cannot_be_keeps_what_was_typed(
    desk: tuple[FlaskClient, FlaskClient, Person], source: str, data: dict[str, str], said: str
) -> None:
    fay, _, _ = desk
    path = f"/admin/adjustments/new?for={source}"
    typed = {"kind": "deposit", "currency": "KRW", "reason": "Broken top-up", **data}
    answer = fay.post(path, data={**fields(fay.get(path).text), **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert rows("SELECT count(*) FROM adjustment") == [(0,)]
