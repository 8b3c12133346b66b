"""`portal import orders` with our own format, over an empty database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import forget_channels
from tests.cli.shown import Run, table

HEADER = (
    "order_ref,placed_at,status,buyer_ref,buyer_email,store,sku,quantity,unit_price,shipping,paid_credit_card,paid_gift,"
    "delivered_at\n"
)
OWN = HEADER + (
    "A-1,2026-03-01T14:05:00+09:00,delivered,b1,bea@example.com,leaf-house,TEA-1,2,12000,3000,20000,7000,"
    "2026-03-04 10:00:00\n"
    "A-2,2026-03-02 09:00:00,shipped,b2,,leaf-house,TEA-1,1,12000,3000,15000,,\n"
    "A-2,,,b2,,pot-yard,POT-1,1,30000,2500,32500,,\n"
)
LATER = OWN.replace("\nA-1", "\nA-3").replace("\nA-2", "\nA-4")


@pytest.fixture
def kr(run_orders: Run) -> Run:
    with transaction() as session:
        session.add(
            Channel(code="kr", name={"en": "Korea"}, currency="KRW", country="KR", default_locale="ko", locales=["ko"],
                    time_zone="Asia/Seoul")
        )  # fmt: skip
    forget_channels()
    return lambda *files: run_orders(*files, "--channel", "kr")


def own(folder: Path, content: str) -> Path:
    file = folder / "history.csv"
    file.write_text(content, encoding="utf-8")
    return file


def test_our_own_format_is_read(kr: Run, tmp_path: Path) -> None:
    result = kr(own(tmp_path, OWN))
    assert result.exit_code == 0, result.output
    assert "2 orders imported" in result.output
    assert table("SELECT external_ref, status, payable_minor FROM orders ORDER BY 1") == [
        ("A-1", "delivered", 27_000), ("A-2", "shipped", 47_500),
    ]  # fmt: skip
    assert table("SELECT placed_at FROM orders ORDER BY external_ref") == [
        (datetime(2026, 3, 1, 5, 5, tzinfo=UTC),), (datetime(2026, 3, 2, tzinfo=UTC),),
    ]  # fmt: skip
    assert table("SELECT slug FROM store ORDER BY 1") == [("leaf-house",), ("pot-yard",)]
    assert table("SELECT v.sku, amount_minor FROM price JOIN variant v ON v.id = variant_id ORDER BY 1") == [
        ("POT-1", 30_000), ("TEA-1", 12_000),
    ]  # fmt: skip


def test_a_store_has_to_send_until_the_latest_of_what_its_rows_say(kr: Run, tmp_path: Path) -> None:
    head, first, second, third = OWN.splitlines()
    days = (",2026-03-05", ",2026-03-06 12:00:00", ",2026-03-04")
    rows = [head + ",ship_by", *(row + day for row, day in zip((first, second, third), days, strict=True))]
    assert kr(own(tmp_path, "\n".join([*rows, second.replace("TEA-1", "TEA-2") + ",2026-03-03"]))).exit_code == 0
    assert table("SELECT s.slug, p.ship_by FROM order_part p JOIN store s ON s.id = p.store_id ORDER BY 2") == [
        ("pot-yard", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("leaf-house", datetime(2026, 3, 4, 15, tzinfo=UTC)),
        ("leaf-house", datetime(2026, 3, 6, 3, tzinfo=UTC)),
    ]


def test_a_buyer_with_an_email_keeps_one_profile(kr: Run, tmp_path: Path) -> None:
    kr(own(tmp_path, OWN))
    kr(own(tmp_path, LATER.replace("bea@", "BEA@")))
    assert table("SELECT count(*) FROM orders") == [(4,)]
    assert table("SELECT count(*) FROM user_account") == [(2,)]
    assert table("SELECT count(*) FROM user_account WHERE password_hash IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("TEA-1,1,12000", "TEA-1,0,12000", "history.csv:3: order A-2: quantity must be a whole number from 1 to 9999"),
        ("30000,2500", "-1,2500", "history.csv:4: order A-2: unit_price: Enter an amount"),
        ("shipped", "sent", "history.csv:3: order A-2: status must be one of expired, cancelled, paid"),
        ("A-2,,,b2,,pot", "A-2,,delivered,b2,,pot", "history.csv:4: order A-2: status is another one"),
        ("pot-yard", "Pot Yard", "history.csv:4: order A-2: store must be small letters"),
        ("pot-yard,POT-1", "pot-yard,TEA-1", "history.csv:3: order A-2: The SKU TEA-1 belongs to the store leaf-house"),
        ("2026-03-02 09:00:00", "yesterday", "history.csv:3: placed_at is not a date and time"),
        ("32500,,\n", "32500,,,,\n", "history.csv:4: order A-2: there are more cells than columns"),
    ],
)
def test_a_bad_row_of_our_own_format_keeps_its_order_out(
    kr: Run, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    kr(own(tmp_path, "".join(OWN.splitlines(keepends=True)[:2])))
    result = kr(own(tmp_path, OWN.replace(old, new)))
    assert result.exit_code == 1
    assert sentence in result.output
    assert table("SELECT external_ref FROM orders") == [("A-1",)]


def test_rows_of_an_order_follow_one_another(kr: Run, tmp_path: Path) -> None:
    rows = OWN.splitlines(keepends=True)
    result = kr(own(tmp_path, rows[0] + rows[2] + rows[1] + rows[3].replace("A-2,,,", "A-2,2026-03-02,paid,")))
    assert result.exit_code == 1
    assert "history.csv:4: order A-2 stands in these files before" in result.output


def test_what_is_on_hand_today_stays_as_it_is(kr: Run, tmp_path: Path) -> None:
    kr(own(tmp_path, OWN))
    with transaction() as session:
        session.execute(text("UPDATE stock SET on_hand = on_hand + 50, initial = initial + 50"))
    kr(own(tmp_path, LATER))
    assert table("SELECT on_hand FROM stock") == [(50,), (50,)]


def test_less_than_was_owed_is_named(kr: Run, tmp_path: Path) -> None:
    result = kr(own(tmp_path, OWN.replace("32500,,", ",,")))
    assert result.exit_code == 0
    assert "history.csv:3: order A-2: owed KRW 47500, paid KRW 15000, difference KRW -32500" in result.output


def test_an_order_that_nothing_is_known_to_have_paid_is_refused(kr: Run, tmp_path: Path) -> None:
    result = kr(own(tmp_path, OWN.replace("32500,,", ",,").replace("15000,,", ",,")))
    assert result.exit_code == 1
    assert "history.csv:3: order A-2: The order costs KRW 47500 and no payment of it is known." in result.output
