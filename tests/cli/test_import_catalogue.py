from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from portal.cli.import_ import import_
from portal.config import Settings
from portal.db import transaction
from portal.demo.pictures import is_key
from portal.process import start
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.open_offers import Offer, open_offers
from tests.services.catalogue.mall import NOW, build

OLIST = Path(__file__).parents[2].parent / "shared" / "data" / "olist"

Run = Callable[..., Result]

HEADER = "sku,product,store,section,name_en,name_ko,option_colour,price_kr,compare_at_kr,price_us,stock\n"
GOOD = HEADER + (
    "TEA-1,tea,leaf-house,tea,Green Tea,녹차,Green,12000,15000,9.90,5\n"
    'TEA-2,tea,leaf-house,tea,Green Tea,녹차,Black,"13,000",,10.90,0\n'
    "POT-1,pot,leaf-house,tea,Tea Pot,,,30000,,,7\n"
)


@pytest.fixture
def run(db: None, settings: Settings) -> Iterator[Run]:
    """The command as it is typed, over channels kr and us."""
    with transaction() as session:
        build(session)
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(import_, ["catalogue", *map(str, arguments)], env=environment)

    yield invoke
    start(settings, name="tests", connections=20)


def table(query: str) -> list[tuple[object, ...]]:
    with transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]


def written(folder: Path, content: str, name: str = "goods.csv") -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_a_catalogue_is_read_with_prices_stock_and_listings(run: Run, tmp_path: Path) -> None:
    result = run(written(tmp_path, GOOD))
    assert result.exit_code == 0, result.output
    assert "2 products made, 0 renewed, 0 lines left out" in result.output
    prices = "SELECT sku, amount_minor, compare_at_minor FROM price JOIN variant v ON v.id = variant_id ORDER BY 1, 2"
    assert table(prices) == [
        ("POT-1", 30000, None),
        ("TEA-1", 990, None),
        ("TEA-1", 12000, 15000),
        ("TEA-2", 1090, None),
        ("TEA-2", 13000, None),
    ]
    assert table("SELECT on_hand FROM stock ORDER BY variant_id") == [(5,), (0,), (7,)]
    assert table("SELECT count(*) FROM listing") == [(3,)]
    assert table("SELECT name ->> 'en' FROM store WHERE slug = 'leaf-house'") == [("Leaf house",)]


def test_running_it_again_doubles_nothing_and_takes_changes(run: Run, tmp_path: Path) -> None:
    run(written(tmp_path, GOOD))
    again = run(written(tmp_path, GOOD.replace("12000,15000", "11000,15000").replace(",7\n", ",9\n")))
    assert "0 products made, 2 renewed" in again.output
    assert table("SELECT (SELECT count(*) FROM product), (SELECT count(*) FROM variant)") == [(2, 3)]
    assert (11000,) in table("SELECT price_from_minor FROM listing")
    assert table("SELECT delta, reason FROM stock_move") == [(2, "import")]


@pytest.mark.parametrize("wrap", ["bom", "gzip", "crlf"])
def test_files_come_in_many_wrappings(run: Run, tmp_path: Path, wrap: str) -> None:
    body = GOOD.encode("utf-8-sig" if wrap == "bom" else "utf-8")
    file = tmp_path / "any.name"
    file.write_bytes(
        gzip.compress(body) if wrap == "gzip" else body.replace(b"\n", b"\r\n") if wrap == "crlf" else body
    )
    result = run(file)
    assert result.exit_code == 0, result.output
    assert table("SELECT count(*) FROM variant") == [(3,)]


BAD = {
    ",tea,leaf-house,tea,Green Tea,,,1,,,": "sku is missing",
    "T-1,tea,Leaf House,tea,Green Tea,,,1,,,": "store must be small letters",
    "T-1,tea,leaf-house,tea,,,,1,,,": "name_en or name_ko is missing",
    "T-1,tea,leaf-house,tea,Tea,,,-5,,,": "price_kr",
    "T-1,tea,leaf-house,tea,Tea,,,1.5,,,": "price_kr",
    "T-1,tea,leaf-house,tea,Tea,,,1e3,,,": "price_kr",
    "T-1,tea,leaf-house,tea,Tea,,,100,100,,": "compare_at_kr must be above",
    "T-1,tea,leaf-house,tea,Tea,,,,100,,": "compare_at_kr needs price_kr",
    "T-1,tea,leaf-house,tea,Tea,,,1,,,-1": "stock must be",
    "T-1,tea,leaf-house,tea,Tea,,,1,,,99999999999": "stock must be",
    "T-1,tea,leaf-house,tea,Tea,,,1,,,5,more,still": "there are more cells than columns",
    "T 1!,tea,leaf-house,tea,Tea,,,1,,,": "sku must be",
    "TEA-1,tea,leaf-house,tea,Tea,,,1,,,": "sku TEA-1 stands in this file before",
}


@pytest.mark.parametrize(("line", "reason"), BAD.items())
def test_a_bad_line_is_named_and_the_others_are_taken(run: Run, tmp_path: Path, line: str, reason: str) -> None:
    result = run(written(tmp_path, GOOD + line + "\n"))
    assert result.exit_code == 1
    assert f"goods.csv:5: {reason}" in result.output
    assert table("SELECT count(*) FROM variant") == [(3,)]


def test_what_the_catalogue_itself_refuses_takes_nothing_else_with_it(run: Run, tmp_path: Path) -> None:
    run(written(tmp_path, GOOD))
    thief = HEADER + (
        "NEW-1,cup,cup-house,cups,Cup,,,1,,,\n"
        "TEA-1,stolen,cup-house,cups,Mine,,,1,,,\n"
        "NEW-2,cup,cup-house,cups,Cup,,,1,,,\n"
    )
    result = run(written(tmp_path, thief))
    assert "goods.csv:3: The SKU TEA-1 belongs to another product." in result.output
    assert "1 products made" in result.output
    assert table("SELECT count(*) FROM product WHERE name ->> 'en' = 'Mine'") == [(0,)]
    assert table("SELECT count(*) FROM variant") == [(5,)]


def test_a_price_column_of_no_channel_is_refused_before_anything(run: Run, tmp_path: Path) -> None:
    result = run(written(tmp_path, GOOD.replace("price_us", "price_mars")))
    assert result.exit_code == 1
    assert "mars" in result.output
    assert table("SELECT count(*) FROM product") == [(0,)]


@pytest.mark.parametrize("content", ["", "a,b,c\n1,2,3\n"])
def test_a_file_of_another_kind_is_one_sentence(run: Run, tmp_path: Path, content: str) -> None:
    result = run(written(tmp_path, content))
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_file_that_breaks_off_keeps_whole_batches(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cut.csv.gz"
    file.write_bytes(gzip.compress(GOOD.encode() * 50)[:-30])
    result = run(file)
    assert result.exit_code == 1
    assert "breaks off" in result.output


PRODUCTS = (
    '"product_id","product_category_name","product_photos_qty"\n'
    + "".join(f'"{n:032x}",perfumaria,1\n' for n in range(3))
    + '"bad",artes,1\n'
    + f'"{9:032x}",,1\n'
)
SELLERS = "seller_id,seller_zip_code_prefix,seller_city,seller_state\n" + "".join(
    f"{n:032x},01234,sao paulo,SP\n" for n in (100, 101)
)
TRANSLATION = "\ufeffproduct_category_name,product_category_name_english\nperfumaria,perfumery\n"


@pytest.fixture
def olist_files(tmp_path: Path) -> list[Path]:
    return [
        written(tmp_path, PRODUCTS, "products.csv"),
        written(tmp_path, SELLERS, "sellers.csv"),
        written(tmp_path, TRANSLATION, "translation.csv"),
    ]


def test_olists_files_become_stores_sections_and_products(run: Run, olist_files: list[Path]) -> None:
    result = run(*olist_files, "--channel", "br", "--currency", "BRL", "--country", "BR")
    assert "products.csv:5: product_id is not an id" in result.output
    assert "4 products made, 0 renewed, 2 stores, 1 lines left out" in result.output
    assert table("SELECT currency, time_zone FROM channel WHERE code = 'br'") == [("BRL", "America/Sao_Paulo")]
    assert table("SELECT name ->> 'en' FROM product ORDER BY id LIMIT 1") == [("Perfumery 000000",)]
    assert {slug for (slug,) in table("SELECT slug FROM section")} >= {"perfumery", "other"}
    assert all(is_key(str(key)) for (key,) in table("SELECT picture FROM product"))
    assert table("SELECT count(*) FROM listing") == [(0,)]
    again = run(*olist_files, "--channel", "br")
    assert "0 products made, 4 renewed" in again.output


def test_olist_needs_a_channel(run: Run, olist_files: list[Path]) -> None:
    assert "need --channel" in run(*olist_files).output
    assert "There is no channel br" in run(*olist_files, "--channel", "br").output
    assert table("SELECT count(*) FROM product") == [(0,)]


def test_orders_tell_who_sells_what_for_how_much(run: Run, olist_files: list[Path]) -> None:
    run(*olist_files, "--channel", "br", "--currency", "BRL", "--country", "BR")
    first, second = (f"olist:{n:032x}" for n in (100, 101))
    product = f"olist:{0:032x}"
    offers = [Offer(product, first, 1000), Offer(product, second, 900), Offer("olist:none", first, 1)]
    for _ in range(2):
        with transaction() as session:
            (channel_id,) = session.execute(text("SELECT id FROM channel WHERE code = 'br'")).one()
            variants = open_offers(session, actor=SYSTEM, channel_id=channel_id, offers=offers, now=NOW)
    assert set(variants) == {(product, first), (product, second)}
    listed = table(
        "SELECT s.external_ref, l.price_from_minor FROM listing l JOIN store s ON s.id = l.store_id ORDER BY 1"
    )
    assert listed == [(first, 1000), (second, 900)]
    # Reading the products once more leaves them with their sellers.
    run(*olist_files, "--channel", "br")
    assert table("SELECT count(*) FROM listing") == [(2,)]


@pytest.mark.slow
@pytest.mark.skipif(not OLIST.is_dir(), reason="The Olist data are not beside the project (../shared/data/olist).")
def test_the_real_files_are_read_whole(run: Run) -> None:
    names = ("products", "sellers", "category_translation", "order_items")
    files = [OLIST / f"{name}.csv.gz" for name in names]
    result = run(*files, "--channel", "br", "--currency", "BRL", "--country", "BR")
    assert result.exit_code == 0, result.output[-2000:]
    assert "32951 products made" in result.output
    stores, listed, priced = table(
        "SELECT (SELECT count(*) FROM store WHERE external_ref LIKE 'olist:%'), (SELECT count(*) FROM listing),"
        " (SELECT count(*) FROM price)"
    )[0]
    assert stores == 3095 + 1
    assert listed == priced
    assert isinstance(listed, int)
    assert listed > 10_000
