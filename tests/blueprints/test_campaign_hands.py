"""A campaign's coupons in hands on both desks: codes, files, lists of people, holders, and who may (CPN-02, CPN-10)."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from portal.db import transaction
from portal.jobs.coupons import run_bulk, turn_campaigns
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.models import Campaign
from tests.blueprints.desks import browser
from tests.blueprints.pages import send, token_of
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import give, make_campaign, type_code
from tests.factories.order import make_order
from tests.factories.refund import rows


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


@pytest.mark.req("CPN-02")
def test_a_batch_is_made_shown_and_sent_as_a_file(app: APIFlask, ada: Person) -> None:
    campaign_id = make_campaign("code")
    desk, page = browser(app, ada), f"/admin/campaigns/{campaign_id}/codes"
    wish = {"label": "=Spring", "size": "1,200", "prefix": "vip-", "length": "10", "per_code_cap": "1"}
    small = send(desk, page.replace("codes", "batches"), {**wish, "length": "5"}, page=page)
    assert small.status_code == 422
    assert "could be guessed" in small.text
    assert 'value="=Spring"' in small.text
    assert send(desk, page.replace("codes", "batches"), {**wish, "size": "x"}, page=page).status_code == 422
    assert rows("SELECT count(*) FROM coupon_code") == [(0,)]
    assert send(desk, page.replace("codes", "batches"), wish, page=page).status_code == 303
    batch = rows("SELECT id FROM coupon_batch")[0][0]
    shown = desk.get(f"{page}?batch={batch}").text
    assert shown.count('<span class="mono">VIP') == 50
    file = desk.get(f"/admin/campaigns/{campaign_id}/batches/{batch}/codes.csv")
    lines = file.get_data().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "code,state,limit,uses"
    assert len(set(lines)) == 1_202
    assert all(re.fullmatch(r"VIP[2-9A-HJKMNP-TV-Z]{10},active,1,0", line) for line in lines[1:-1])
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'coupon:codes-made'") == [(1,)]


@pytest.mark.req("CPN-10")
def test_a_code_and_a_batch_are_withdrawn_and_given_back(app: APIFlask, ada: Person) -> None:
    campaign_id = make_campaign("code")
    desk, page = browser(app, ada), f"/admin/campaigns/{campaign_id}/codes"
    assert send(desk, page, {"code": "spring 26", "cap": "500"}, page=page).status_code == 303
    assert send(desk, page, {"code": "SPRING26"}, page=page).status_code == 409
    move = f"{page}/SPRING26/state"
    assert "Withdraw the code SPRING26" in desk.get(f"{move}?to=revoked").text
    assert desk.get(f"{move}?to=held").status_code == 404
    assert send(desk, move, {"to": "revoked", "reason": " "}, page=f"{move}?to=revoked").status_code == 422
    assert send(desk, move, {"to": "revoked", "reason": "leaked"}, page=f"{move}?to=revoked").status_code == 303
    assert send(desk, move, {"to": "revoked", "reason": "again"}, page=f"{move}?to=revoked").status_code == 409
    assert rows("SELECT state, cap FROM coupon_code") == [("revoked", 500)]
    assert send(desk, move, {"to": "active", "reason": "a mistake"}, page=f"{move}?to=active").status_code == 303
    assert rows("SELECT state FROM coupon_code") == [("active",)]
    assert rows(
        "SELECT payload::json -> 'before' ->> 'state', payload::json ->> 'reason' FROM audit_row"
        " WHERE action IN ('coupon:revoked', 'coupon:restored') ORDER BY at"
    ) == [
        ("active", "leaked"),
        ("revoked", "a mistake"),
    ]


@pytest.mark.req("CPN-10")
def test_a_file_of_people_is_worked_through_with_a_report(app: APIFlask, ada: Person, mall: Mall) -> None:
    bea, max_ = make_person("bea"), make_person("max")
    campaign_id = make_campaign("grant")
    give(campaign_id, max_)
    desk, base = browser(app, ada), f"/admin/campaigns/{campaign_id}"
    content = f"name,email\n베아,bea@example.com\n,BEA@example.com\n,max@example.com\n,=1+1\n,{bea.id}\n"
    wrong = post_file(desk, f"{base}/lists", b"name,phone\nBea,010\n", reason="Thanks")
    assert wrong.status_code == 422
    assert "No column is named email." in wrong.text
    assert post_file(desk, f"{base}/lists", content.encode("cp949"), reason=" ").status_code == 422
    begun = post_file(desk, f"{base}/lists", content.encode("cp949"), reason="Thanks")
    assert begun.status_code == 303
    bulk = rows("SELECT id FROM coupon_bulk")[0][0]
    assert "every 2s" in desk.get(begun.headers["Location"]).text
    run_bulk(str(bulk))
    run_bulk(str(bulk))
    assert rows("SELECT state, total, done, failed FROM coupon_bulk") == [("done", 5, 1, 4)]
    assert rows("SELECT count(*) FROM coupon_grant WHERE user_id = :id", id=bea.id) == [(1,)]
    shown = desk.get(begun.headers["Location"]).text
    assert "every 2s" not in shown
    report = desk.get(f"{base}/lists/{bulk}/failed.csv").get_data().decode("utf-8-sig").split("\r\n")
    assert report == [
        "row,who,why",
        "3,BEA@example.com,stands in the list twice",
        "4,max@example.com,has or had the coupon already",
        "5,'=1+1,nobody that can be reached",
        f"6,{bea.id},has or had the coupon already",
        "",
    ]
    holders = desk.get(f"{base}/holders").text
    assert "bea@example.com" not in holders
    assert "b••@e••.com" in holders
    taken = send(
        desk, f"{base}/lists", {"kind": "revoke", "people": "bea@example.com", "reason": "Ended"}, page=f"{base}/lists"
    )
    assert taken.status_code == 303
    run_bulk(str(rows("SELECT id FROM coupon_bulk WHERE kind = 'revoke'")[0][0]))
    assert rows("SELECT state FROM coupon_grant WHERE user_id = :id", id=bea.id) == [("revoked",)]


@pytest.mark.req("CPN-10", "IDN-05")
def test_a_seller_reaches_his_own_campaigns_and_his_own_buyers(app: APIFlask, mall: Mall) -> None:
    bea, _max = make_person("bea"), make_person("max")
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    make_order(bea, mall, {make_variant(mall): 1})
    own = make_campaign("grant", store_id=mall.store_ids[0], funding="seller")
    platforms = make_campaign("grant")
    desk, base = browser(app, sam), f"/seller/campaigns/{own}"
    for tab in ("codes", "holders", "uses", "abuse"):
        assert desk.get(f"{base}/{tab}").status_code == 200
        assert browser(app, sue).get(f"{base}/{tab}").status_code == 404
        assert desk.get(f"/seller/campaigns/{platforms}/{tab}").status_code == 404
        assert desk.get(f"/admin/campaigns/{own}/{tab}").status_code == 403
    people = {"kind": "grant", "people": "bea@example.com\nmax@example.com", "reason": "Thanks"}
    assert send(desk, f"{base}/lists", people, page=f"{base}/lists").status_code == 303
    other = f"/seller/campaigns/{platforms}/lists"
    assert send(desk, other, people, page=f"{base}/lists").status_code == 404
    run_bulk(str(rows("SELECT id FROM coupon_bulk")[0][0]))
    assert rows("SELECT user_id FROM coupon_grant") == [(bea.id,)]
    assert rows("SELECT outcome FROM coupon_bulk_row ORDER BY position") == [("done",), ("unknown",)]


@pytest.mark.req("CPN-14")
def test_rules_are_set_within_bounds_and_recorded(app: APIFlask, ada: Person) -> None:
    desk, page = browser(app, ada), "/admin/coupon-flags/rules"
    good = {"threshold": "4", "window_minutes": "90", "act": "flag"}
    assert send(desk, f"{page}/leaked", {**good, "threshold": "1"}, page=page).status_code == 422
    assert send(desk, f"{page}/leaked", {**good, "act": "burn"}, page=page).status_code == 404
    assert send(desk, f"{page}/none", good, page=page).status_code == 404
    assert send(desk, f"{page}/leaked", good, page=page).status_code == 303
    assert rows("SELECT name, threshold, window_minutes, act FROM coupon_abuse_rule") == [("leaked", 4, 90, "flag")]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'coupon:rule-changed'") == [(1,)]
    marketing = browser(app, make_person("mia", roles=("buyer", "marketing")))
    assert marketing.get(page).status_code == 403


@pytest.mark.req("CPN-10")
def test_somebodys_coupon_is_withdrawn_and_given_back(app: APIFlask, ada: Person) -> None:
    bea, campaign_id = make_person("bea"), make_campaign("code", code="SHARED23")
    type_code("SHARED23", bea)
    grant = rows("SELECT id FROM coupon_grant")[0][0]
    desk = browser(app, ada)
    move = f"/admin/campaigns/{campaign_id}/holders/{grant}/state"
    other = f"/admin/campaigns/{make_campaign('grant')}/holders/{grant}/state"
    assert send(desk, other, {"to": "revoked", "reason": "x"}, page=f"{move}?to=revoked").status_code == 404
    for new in ("revoked", "held"):
        assert send(desk, move, {"to": new, "reason": "because"}, page=f"{move}?to={new}").status_code == 303
        assert rows("SELECT state FROM coupon_grant") == [(new,)]


@pytest.mark.req("CPN-10", "CPN-11")
def test_a_whole_campaign_is_paused_withdrawn_and_brought_back(app: APIFlask, ada: Person) -> None:
    campaign_id = make_campaign("code", code="SHARED23")
    desk, page = browser(app, ada), f"/admin/campaigns/{campaign_id}/state"
    bea = make_person("bea")
    for new in ("paused", "running", "revoked", "running", "revoked"):
        assert send(desk, page, {"to": new, "reason": "because"}, page=f"{page}?to={new}").status_code == 303
        assert rows("SELECT state FROM campaign") == [(new,)]
    assert isinstance(type_code("SHARED23", bea), Rejection)
    assert send(desk, page, {"to": "paused", "reason": "late"}, page=f"{page}?to=paused").status_code == 409
    assert send(desk, page, {"to": "ended", "reason": "late"}, page=f"{page}?to=paused").status_code == 404
    with transaction() as session:
        session.execute(update(Campaign).values(valid_until=clock.now()))
    assert send(desk, page, {"to": "running", "reason": "undo"}, page=f"{page}?to=running").status_code == 303
    assert rows("SELECT state FROM campaign") == [("ended",)]


@pytest.mark.req("CPN-11")
def test_campaigns_open_and_end_by_their_time(mall: Mall) -> None:
    now = clock.now()
    for state in ("draft", "scheduled", "running", "paused", "revoked"):
        make_campaign(state=state, valid_until=now - timedelta(hours=1), grace_hours=2)
        make_campaign(state=state, valid_until=now - timedelta(hours=1))
    make_campaign(state="scheduled", valid_from=now + timedelta(days=1))
    turn_campaigns()
    turn_campaigns()
    assert rows("SELECT state FROM campaign ORDER BY id") == [
        (state,) for state in ("draft", "draft", "running", "ended", "running", "ended", "paused", "ended", "revoked")
    ] + [("revoked",), ("scheduled",)]
    assert rows("SELECT count(*) FROM audit_row WHERE action LIKE 'campaign:%'") == [(4,)]


def post_file(desk: FlaskClient, path: str, content: bytes, **more: str) -> Any:
    data = {"csrf_token": token_of(desk, path), "file": (io.BytesIO(content), "people.csv"), "kind": "grant", **more}
    return desk.post(path, data=data, content_type="multipart/form-data")


@pytest.mark.req("CPN-10", "ANA-03")
def test_several_of_a_list_are_moved_at_once_each_by_itself(app: APIFlask, ada: Person) -> None:
    one, two = make_campaign("claim"), make_campaign("grant")
    ended = make_campaign("grant", state="ended")
    desk, page = browser(app, ada), "/admin/campaigns?state=running"
    assert desk.get(page).text.count('name="ids"') == 2
    chosen = {"ids": [str(one), str(two), str(ended)], "to": "paused"}
    move = "/admin/campaigns/moves?state=running"
    assert send(desk, move, chosen | {"reason": ""}, page=page).location.endswith(page)
    assert rows("SELECT DISTINCT state FROM campaign WHERE id < 3") == [("running",)], (
        "without a reason nothing is done"
    )
    send(desk, move, chosen | {"reason": "Sold out"}, page=page)
    assert rows("SELECT state FROM campaign ORDER BY id") == [("paused",), ("paused",), ("ended",)]
    said = desk.get("/admin/campaigns").text
    assert "Done with 2 of the list." in said
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'campaign:paused'") == [(2,)]
    assert send(desk, move, chosen | {"to": "revoked"}, page=page).status_code == 404
    stranger = browser(app, make_person("sam", roles=("seller",), store_ids=(1,)))
    send(
        stranger, "/seller/campaigns/moves", {"ids": str(one), "to": "running", "reason": "x"}, page="/seller/campaigns"
    )
    assert rows("SELECT state FROM campaign WHERE id = 1") == [("paused",)], "it is not the store's"


@pytest.mark.req("CPN-14", "ANA-03")
def test_several_suspicions_are_decided_at_once(app: APIFlask, ada: Person) -> None:
    bea, max_ = make_person("bea"), make_person("max")
    give(make_campaign("grant"), bea, max_)
    with transaction() as session:
        session.execute(
            text("""INSERT INTO coupon_flag (id, rule, campaign_id, grant_id, user_id, found, threshold, is_suspended,
                                             raised_at)
                    SELECT gen_random_uuid(), 'burst', campaign_id, id, user_id, 9, 3, false, now()
                      FROM coupon_grant""")
        )
    desk, page = browser(app, ada), "/admin/coupon-flags"
    ids = [str(row[0]) for row in rows("SELECT id FROM coupon_flag")]
    assert all(f'value="{one}"' in desk.get(page).text for one in ids)
    sent = {"ids": [*ids, "none"], "do": "confirm", "reason": "One person"}
    assert send(desk, f"{page}/decisions", sent, page=page).status_code == 303
    assert rows("SELECT DISTINCT state, reason FROM coupon_flag") == [("confirmed", "One person")]
    assert rows("SELECT DISTINCT state FROM coupon_grant") == [("revoked",)]
    assert "Done with 2 of the list." in desk.get(page).text
    watching = browser(app, make_person("mia", roles=("marketing",)))
    assert watching.post(f"{page}/decisions", data=sent).status_code in {400, 403}
