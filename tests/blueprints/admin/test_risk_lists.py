"""The page of the lists: add, find, take off, out and in as a file."""

from __future__ import annotations

import io

import pytest
from apiflask import APIFlask

from tests.blueprints.confirming import let_through
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("FRD-04")
PATH = "/admin/risk-lists"


def test_an_entry_is_added_found_and_taken_off(app: APIFlask) -> None:
    make_mall()
    rita = browser(app, make_person("rita", roles=("risk",)))
    sent = fields(rita.get(PATH).text)
    entry = sent | {"kind": "network", "mode": "block", "value": "198.51.100.0/24", "reason": "<b>bots</b>"}

    assert rita.post(f"{PATH}/entries", data=sent | {"kind": "planet"}).status_code == 422
    assert rita.post(f"{PATH}/entries", data=entry | {"reason": " "}).status_code == 422
    assert rows("SELECT count(*) FROM risk_list_entry") == [(0,)]
    assert let_through(rita, rita.post(f"{PATH}/entries", data=entry)).status_code == 303
    assert rita.post(f"{PATH}/entries", data=entry).status_code == 409
    page = rita.get(f"{PATH}?q=198.51.100.0/24").text
    assert "&lt;b&gt;bots&lt;/b&gt;" in page
    assert "198.51.100.0/24" not in rita.get(f"{PATH}?q=198.51.101.0/24").text.replace('value="198', "")
    [(entry_id,)] = rows("SELECT id FROM risk_list_entry")
    assert let_through(rita, rita.post(f"{PATH}/entries/{entry_id}/removal", data=sent)).status_code == 303
    assert rita.post(f"{PATH}/entries/{entry_id}/removal", data=sent).status_code == 404


def test_a_file_is_taken_whole_or_not_at_all_and_comes_out_as_it_went_in(app: APIFlask) -> None:
    make_mall()
    rita = browser(app, make_person("rita", roles=("risk",)))
    sent = fields(rita.get(PATH).text)

    def take(text: str) -> int:
        data = sent | {"file": (io.BytesIO(text.encode()), "lists.csv")}
        answer = rita.post(f"{PATH}/import", data=data)
        if answer.status_code == 303 and "/step-up/" in answer.location:
            answer = let_through(rita, answer)
        return answer.status_code

    head = "kind,mode,value,reason,until\n"
    assert take(head + "ip,block,192.0.2.1,bots,\nip,block,nonsense,bots,\n") == 422
    assert rows("SELECT count(*) FROM risk_list_entry") == [(0,)]
    assert take(head.replace(",", ";") + "ip;block;192.0.2.9;bots, all of them;\n") == 303
    good = head + "ip,block,192.0.2.1,bots,\nemail,allow,vip@example.com,a friend,2999-01-01\n"
    assert take(good) == 303
    assert take(good) == 303
    assert rows("SELECT count(*) FROM risk_list_entry") == [(3,)]
    out = rita.get(f"{PATH}/file").text
    assert "email,allow,vip@example.com,a friend,2999-01-0" in out
    assert take("nothing") == 422
