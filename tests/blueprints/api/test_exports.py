"""Lists as files by programs, and the audit trail as files that prove themselves (API-03, ANA-03, AUD-01)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portal.blueprints.api.v1.exports.schemas import ListName
from portal.jobs.exports import make_list
from portal.queries.listings import LISTINGS
from portal.services.export_audit import verify_export
from tests.blueprints.api.conftest import Api, World, data, make_key, place
from tests.conftest import seal_whole_trail
from tests.factories.account import Person, make_person
from tests.factories.refund import rows

pytestmark = pytest.mark.req("API-03")


@pytest.fixture
def ada() -> Person:
    return make_person("ada", roles=("admin",))


@pytest.fixture
def hers(world: World, ada: Person) -> Api:
    return Api(world.api.client, make_key(ada, world.mall.kr))


@pytest.mark.req("ANA-03")
def test_a_list_is_asked_for_followed_taken_and_proved(world: World, hers: Api) -> None:
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    number = data(place(world.api))["number"]
    wanted = {"list": "orders", "filter": {"channel": "kr", "search": number}}
    asked = hers.post("/exports", wanted)
    path = asked.headers["Location"].removeprefix("/api/v1")
    assert (asked.status_code, data(asked)["state"], data(asked)["rows"]) == (202, "wanted", None)
    assert data(hers.post("/exports", wanted))["id"] == data(asked)["id"]
    assert hers.get(f"{path}/file").status_code == hers.get(f"{path}/signature").status_code == 404
    make_list(data(asked)["id"])
    done = hers.read(path)
    assert (done["state"], done["rows"], done["rows_read"]) == ("ready", 1, 1)
    assert [one["id"] for one in hers.read("/exports")["items"]] == [done["id"]]
    file = hers.get(f"{path}/file")
    assert number in file.text
    assert (file.mimetype, file.content_length) == ("text/csv", done["size"])
    proof = hers.read(f"{path}/signature")
    assert hashlib.sha256(file.data).hexdigest() == proof["sha256"] == done["sha256"]
    signed = json.dumps({name: proof[name] for name in ("format", "name", "rows", "sha256")}, separators=(",", ":"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(proof["key"]))
    key.verify(bytes.fromhex(proof["signature"]), signed.encode())
    assert hers.get(f"{path}/file", If_None_Match=file.headers["ETag"]).status_code == 304
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'list-export:taken'") == [(2,)]


def test_a_filter_that_the_list_does_not_know_and_a_list_that_one_may_not_have_make_nothing(
    world: World, hers: Api
) -> None:
    wrong = {"status": "paid", "channel": "xx", "queue": "late", "since": "2026-11-01T00:00:00"}
    answer = hers.post("/exports", {"list": "orders", "filter": wrong})
    assert {(one["field"], one["code"]) for one in data(answer)["errors"]} == {
        ("filter.channel", "not_one_of"),
        ("filter.queue", "field_unknown"),
        ("filter.since", "field_unknown"),
    }
    late = hers.post("/exports", {"list": "audit", "filter": {"since": "0001-01-01T00:00:00+14:00"}})
    assert data(late)["errors"][0]["field"] == "filter.since"
    # What is saved of a channel that is wound up comes with that only.
    assert set(get_args(ListName)) == {*LISTINGS} - {"channel-customers", "channel-balances", "channel-goods"}
    mia = Api(world.api.client, make_key(make_person("mia", roles=("marketing",)), world.mall.kr))
    assert mia.post("/exports", {"list": "audit"}).status_code == 404
    assert mia.post("/exports", {"list": "coupons"}).status_code == 202
    assert rows("SELECT listing FROM list_export") == [("coupons",)]


@pytest.mark.req("AUD-01")
def test_the_trail_is_looked_through_and_taken_as_signed_csv(hers: Api, ada: Person) -> None:
    found = hers.read(f"/audit?actor=system&limit=1&ref=nothing:{ada.id}")
    assert found["items"] == []
    made = hers.read("/audit?action=api-client:made&limit=2")
    assert {one["action"] for one in made["items"]} == {"api-client:made"}
    again = hers.read(f"/audit?action=api-client:made&limit=2&cursor={made['next_cursor']}")
    assert not {one["id"] for one in made["items"]} & {one["id"] for one in again["items"]}
    export_id = data(hers.post("/exports", {"list": "audit", "filter": {"action": "api-client:made"}}))["id"]
    make_list(export_id)
    table = list(csv.reader(io.StringIO(hers.get(f"/exports/{export_id}/file").data.decode("utf-8-sig"))))
    assert len(table) == 1 + len(made["items"]) + len(again["items"])
    assert {row[3] for row in table[1:]} == {"api-client:made"}


@pytest.mark.req("AUD-01")
def test_the_sealed_trail_comes_in_files_that_follow_one_another_and_prove_themselves(hers: Api) -> None:
    seal_whole_trail()
    chain = hers.read("/audit/chain")
    assert chain["links"] > 2
    whole = hers.get("/audit/file")
    assert whole.mimetype == "application/x-ndjson"
    lines = whole.data.splitlines(keepends=True)
    assert len(lines) == chain["links"] + 2
    assert verify_export(lines, key=chain["key"]) == []
    assert verify_export([*lines[:1], *lines[2:]], key=chain["key"])
    first = hers.get("/audit/file?limit=2").data.splitlines(keepends=True)
    second = hers.get("/audit/file?first=3").data.splitlines(keepends=True)
    assert verify_export(second, key=chain["key"]) == []
    assert json.loads(first[-1])["hash"] == json.loads(second[0])["prev_hash"]
    seal_whole_trail()
    assert hers.read("/audit/chain")["links"] == chain["links"] + 3
    assert hers.read("/audit?action=list-export:taken")["items"][0]["ref"] == "audit:3"
