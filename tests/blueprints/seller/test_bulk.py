"""Many orders at once: exactly those that were chosen, each once, and every one that stays with its reason."""

from __future__ import annotations

import html
import io
import re
import uuid
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import reading, transaction
from portal.jobs.bulk_runs import work_through
from portal.kit import clock
from portal.rules.csv_table import FileUnfitError, decode
from portal.rules.holds import HoldKind
from portal.rules.parcel_csv import read_parcels
from portal.services.accounts.throttle import HOUR, Limit, Rule
from portal.services.fulfilment.bulk_run import AT_ONCE_MAX, RunItem, begin_run
from portal.services.fulfilment.check_parcels import check_parcels
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser, fields
from tests.documents.reading import pages_of
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.parcel import send


def rows(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


def orders(mall: Mall, count: int, **more: Any) -> list[MadeOrder]:
    bea = make_person("bea")
    return [make_order(bea, mall, {make_variant(mall, **more): 2}) for _ in range(count)]


def hold(part_id: uuid.UUID) -> None:
    ada = make_person("ada", roles=("admin",)).actor
    with transaction() as session:
        place_hold(session, part_id=part_id, kind=HoldKind.ADMIN, reason="legal", note="", actor=ada, now=clock.now())


def follow(client: FlaskClient, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return html.unescape(client.get(answer.location).text)


@pytest.mark.req("ORD-10")
@pytest.mark.ux("S11")
def test_what_was_chosen_is_confirmed_and_what_stays_says_why(app: APIFlask, mall: Mall, sam: Person) -> None:
    made = orders(mall, 3)
    as_sam = browser(app, sam)
    token = fields(as_sam.get("/seller/orders").text)
    hold(made[1].part_ids[0])
    # The page was open before: of the three the held one has left the list, and its row says so.
    ids = [str(one.part_ids[0]) for one in made[:2]]
    page = follow(as_sam, as_sam.post("/seller/orders/acceptance", data=token | {"ids": [*ids, "nonsense"]}))
    assert "1 done, 1 not" in page
    assert made[1].number in page
    assert "on hold" in page
    assert rows("SELECT status, count(*) FROM order_part GROUP BY status ORDER BY status") == [
        ("accepted", 1),
        ("held", 1),
        ("released", 1),
    ]
    everything = as_sam.post("/seller/orders/acceptance", data=token | {"all_matching": "1"})
    assert "1 order done" in follow(as_sam, everything)
    stranger = browser(app, make_person("sue", store_ids=(mall.store_ids[1],)))
    assert stranger.get(everything.location).status_code == 404


@pytest.mark.req("ORD-10")
def test_a_long_run_is_worked_on_in_batches_each_part_once(app: APIFlask, mall: Mall, sam: Person) -> None:
    made = orders(mall, 3)
    items = [RunItem(one.part_ids[0], one.number) for one in made] * (AT_ONCE_MAX // 2)
    with transaction() as session:
        run_id = begin_run(
            session, store_id=mall.store_ids[0], kind="accept", items=items, actor=sam.actor, now=clock.now()
        )
    work_through(str(run_id))
    work_through(str(run_id))
    assert rows("SELECT done, total, failed FROM bulk_run") == [(len(items), len(items), [])]
    moves = "SELECT count(*) FROM transition WHERE subject = 'part' AND to_state = 'accepted'"
    assert rows(moves) == [(3,)]


@pytest.mark.req("ORD-003")
def test_a_file_is_shown_before_it_is_applied_and_again_changes_nothing(app: APIFlask, mall: Mall, sam: Person) -> None:
    made = orders(mall, 3)
    theirs = make_order(make_person("bob"), mall, {make_variant(mall, store=1): 1})
    sku = rows(f"SELECT sku FROM order_line WHERE order_id = '{made[0].id}'")[0][0]  # noqa: S608  # Ids of this test.
    content = "\ufefforder,sku,quantity,carrier,tracking_number,goods\r\n" + "\r\n".join(
        [
            f"{made[0].number},{sku},1,cj,5812-0000-0001,x",
            f"{made[0].number},{sku},1,CJ대한통운,5812-0000-0002,",
            f"{made[1].number.lower()},,,cj,581200000003",
            f"{made[2].number},{sku},1,cj,581200000004",  # Its goods are others.
            f"{theirs.number},,,cj,581200000005",
            f"{made[2].number},,,pigeon,1",
            ",,,,",
        ]
    )
    as_sam = browser(app, sam)
    token = fields(as_sam.get("/seller/parcels/import").text)

    def upload(body: bytes) -> Any:
        sent = token | {"file": (io.BytesIO(body), "parcels.csv")}
        return as_sam.post("/seller/parcels/import", data=sent, content_type="multipart/form-data")

    seen = html.unescape(upload(content.encode()).text)
    assert "3 parcels can be sent" in seen
    assert "3 rows cannot be used" in seen
    assert "Your store has no such order." in seen
    assert rows("SELECT count(*) FROM shipment") == [(0,)]
    kept = re.search(r"<textarea name=\"text\" hidden>(.*?)</textarea>", seen, re.DOTALL)
    assert kept
    page = follow(as_sam, as_sam.post("/seller/parcels", data=token | {"text": kept.group(1)}))
    assert "3 orders done" in page
    again = html.unescape(upload(content.encode()).text)
    assert "3 parcels of this file were told of before. They change nothing." in again
    assert "can be sent" not in again
    page = follow(as_sam, as_sam.post("/seller/parcels", data=token | {"text": kept.group(1)}))
    assert "Nothing of this file is left to be sent." in page
    assert rows("SELECT source, count(*) FROM shipment GROUP BY source") == [("csv", 3)]
    assert rows("SELECT status, count(*) FROM order_part GROUP BY 1 ORDER BY 1") == [("released", 2), ("shipped", 2)]
    assert upload(b"order;sku\n1;2").status_code == 422
    assert b"order,sku,quantity,carrier,tracking_number,goods" in as_sam.get("/seller/parcels/template.csv").data


@pytest.mark.req("ORD-003", "ORD-002")
@pytest.mark.ux("S15")
def test_a_file_says_beforehand_what_cannot_leave_as_things_stand(app: APIFlask, mall: Mall, sam: Person) -> None:
    held, sent, split, theirs = orders(mall, 4)
    hold(held.part_ids[0])
    send(sent.part_ids[0], sam, number="581234560000")
    bob = make_order(make_person("bob"), mall, {make_variant(mall): 1})
    sku = rows(f"SELECT sku FROM order_line WHERE order_id = '{split.id}'")[0][0]  # noqa: S608  # Ids of this test.
    file = read_parcels(
        "order,sku,quantity,carrier,tracking_number\n"
        f"{held.number},,,cj,581234560001\n"
        f"{sent.number},,,cj,581234560002\n"
        f"{sent.number},,,cj,581234560000\n"  # Told of before.
        f"{split.number},{sku},1,cj,581234560003\n"
        f"{split.number},{sku},2,cj,581234560004\n"  # One is left by then.
        f"{split.number},,,cj,581234560005\n"
        f"{theirs.number},,,cj,581234560006\n"
        f"{theirs.number},,,cj,581234560007\n"  # Nothing is left by then.
        f"{bob.number},,,cj,581234560000\n"
    )
    with reading() as session:
        checked = check_parcels(session, file, store_id=mall.store_ids[0], now=clock.now())
    assert [one.row for one in checked.fit] == [5, 7, 8]
    assert checked.known == 1
    assert [(one.row, getattr(one.refusal, "code", "")) for one in checked.problems] == [
        (2, "ON_HOLD"),
        (3, "nothing_to_ship"),
        (6, "parcel_units"),
        (9, "nothing_to_ship"),
        (10, "parcel_number_taken"),
    ]


@pytest.mark.req("ORD-003")
def test_a_parcel_with_one_bad_row_is_bad_as_a_whole() -> None:
    head = "order,sku,quantity,carrier,tracking_number\n"
    read = read_parcels(
        head
        + "KR-1,A,1,cj,581234567890\nKR-1,B,0,cj,5812 3456 7890\nKR-2,,,cj,581234567891\nKR-2,A,1,cj,581234567891\n"
        "KR-3,A,2,cj,581234567892\nkr-3,A,３,cj,581234567892\nKR-4,A,1e3,cj,581234567893\n,A,1,cj,581234567894\n"
    )
    assert [(one.order, one.units) for one in read.parcels] == [("KR-3", {"A": 5})]
    assert [one.row for one in read.problems] == [3, 5, 8, 9]
    for unfit in ("", head, "order,sku\n", head + "KR-1,,,cj,1\n" * 5001):
        with pytest.raises(FileUnfitError):
            read_parcels(unfit)
    assert decode("주문".encode("cp949")) == "주문"
    for content in (b"\xff\xfe\x00", b"x" * 1_000_001):
        with pytest.raises(FileUnfitError):
            decode(content)


@pytest.mark.req("ORD-10")
def test_slips_say_what_to_fetch_and_what_goes_where_without_amounts(app: APIFlask, mall: Mall, sam: Person) -> None:
    first, second = orders(mall, 2, name="Rice bowl")
    as_sam = browser(app, sam)
    token = fields(as_sam.get("/seller/orders").text)
    answer = as_sam.post("/seller/orders/slips?view=action", data=token | {"all_matching": "1"})
    assert answer.mimetype == "application/pdf"
    written = "\n".join(pages_of(answer.data))
    assert {first.number, second.number} <= set(re.findall(r"KR-[A-Z0-9]{10}", written))
    assert "Pick list" in written
    assert "9,900" not in written
    none = as_sam.post("/seller/orders/slips?view=to_send", data=token | {"all_matching": "1"})
    assert none.status_code == 404
    hold(second.part_ids[0])
    ticked = {"ids": [str(one.part_ids[0]) for one in (first, second)]}
    pages = pages_of(as_sam.post("/seller/orders/slips?view=action", data=token | ticked).data)
    # The one that is on hold meanwhile has no slip; the pick list says so.
    assert len(pages) == 2
    assert "Left out" in pages[0]
    assert f"{second.number}: On hold" in pages[0]
    assert first.number in pages[1]


@pytest.mark.req("FRD-05")
@pytest.mark.parametrize("path", ["/seller/parcels/import", "/seller/stock/import", "/seller/channels/goods/import"])
def test_tables_are_taken_so_often_and_all_kinds_count_together(
    app: APIFlask, sam: Person, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("portal.blueprints.uploads.UPLOAD", Rule("upload", Limit(1, HOUR), Limit(9, HOUR)))
    as_sam = browser(app, sam)
    token = fields(as_sam.get("/seller/orders").text)

    def send(to: str) -> Any:
        return as_sam.post(to, data=token | {"file": (io.BytesIO(b"order,carrier"), "rows.csv")})

    assert send("/seller/stock/import").status_code != 429
    refused = send(path)
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (429, "too_often")
    assert int(refused.headers["Retry-After"]) > 0
