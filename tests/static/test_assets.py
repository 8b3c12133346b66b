"""Static files: kept for a year, compressed once, proved by their sums."""

import base64
import gzip
import hashlib
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.assets import FOREVER, ROOT, Assets

SHOP_CSS_BYTES = 85_000
SHOP_JS_BYTES = 25_000


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


def test_an_address_names_the_content_and_is_kept_for_a_year(gallery_client: FlaskClient, assets: Assets) -> None:
    response = gallery_client.get(assets.url("app.css"), headers={"Accept-Encoding": "gzip"})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == FOREVER == "public, max-age=31536000, immutable"
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.mimetype == "text/css"
    assert gzip.decompress(response.data) == assets["app.css"].body


def test_who_takes_no_gzip_gets_the_plain_file(gallery_client: FlaskClient, assets: Assets) -> None:
    response = gallery_client.get(assets.url("app.js"), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in response.headers
    assert response.data == assets["app.js"].body
    assert response.mimetype == "text/javascript"


def test_a_known_tag_is_answered_without_a_body(gallery_client: FlaskClient, assets: Assets) -> None:
    tag = gallery_client.get(assets.url("app.css")).headers["ETag"]
    again = gallery_client.get(assets.url("app.css"), headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["app.css", "app.000000000000.css"])
def test_an_address_without_the_right_hash_is_not_kept(gallery_client: FlaskClient, path: str) -> None:
    response = gallery_client.get(f"/static/{path}")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["nothing.css", "../config.py", "..%2fconfig.py", "css/10-tokens.css", "brand-zzzzzz.css"]
)
def test_nothing_else_is_served(gallery_client: FlaskClient, path: str) -> None:
    assert gallery_client.get(f"/static/{path}").status_code == 404


def test_only_reading_is_allowed(gallery_client: FlaskClient, assets: Assets) -> None:
    assert gallery_client.post(assets.url("app.css")).status_code == 405


def test_addresses_are_the_same_on_every_channel(gallery: Flask, assets: Assets) -> None:
    with gallery.test_request_context("/", base_url="http://shop.test/kr"):
        page = gallery.jinja_env.from_string('{{ asset("app.css") }}').render()
    assert page == assets.url("app.css")
    assert page.startswith("/static/app.")


def test_every_script_and_style_sheet_of_a_page_carries_its_sum(gallery_client: FlaskClient) -> None:
    page = gallery_client.get("/_gallery/?brand=%232746c7").text
    tags = re.findall(r"<(?:script|link rel=\"stylesheet\")[^>]*>", page)
    assert len(tags) == 4
    for tag in tags:
        address = re.search(r'(?:src|href)="([^"]+)"', tag)
        said = re.search(r'integrity="sha384-([^"]+)"', tag)
        assert address, tag
        assert said, tag
        body = gallery_client.get(address[1], headers={"Accept-Encoding": "identity"}).data
        assert base64.b64encode(hashlib.sha384(body).digest()).decode() == said[1]


def test_a_shop_page_stays_within_its_budget(assets: Assets) -> None:
    def packed(*names: str) -> int:
        return sum(len(assets[name].zipped or b"") for name in names)

    assert packed("app.css") < SHOP_CSS_BYTES
    assert packed("app.js", "vendor/htmx/htmx.min.js", "vendor/htmx-ext-sse/sse.min.js") < SHOP_JS_BYTES


def test_vendored_files_are_what_the_list_says() -> None:
    rows = re.findall(
        r"^\| (\S+\.js) \|.*`([0-9a-f]{64})`", (ROOT / "vendor/README.md").read_text("utf-8"), re.MULTILINE
    )
    assert {name for name, _ in rows} == {
        p.relative_to(ROOT / "vendor").as_posix() for p in (ROOT / "vendor").rglob("*.js")
    }
    for name, digest in rows:
        assert hashlib.sha256((ROOT / "vendor" / name).read_bytes()).hexdigest() == digest
        assert (ROOT / "vendor" / name).with_name("LICENSE").exists()
