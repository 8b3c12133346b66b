"""The providers of exchange rates: the table that comes along, and a feed that may say anything (CAT-04)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from portal.gateways.rates.base import RatesUnavailableError, RatesUnfitError
from portal.gateways.rates.bundled import BundledRates
from portal.gateways.rates.feed import FeedRates, read_feed
from portal.kit.rates import BUNDLED, ECB

pytestmark = pytest.mark.req("CAT-04")

NOW = datetime(2026, 11, 27, 18, tzinfo=UTC)
DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
<Cube><Cube time='DAY'>RATES</Cube></Cube></gesmes:Envelope>"""


def document(day: str = "2026-11-27", **rates: str) -> bytes:
    """What the European Central Bank would say on `day`."""
    told = rates or {"USD": "1.0705", "KRW": "1474.86"}
    cubes = "".join(f"<Cube currency='{currency}' rate='{rate}'/>" for currency, rate in told.items())
    return DOCUMENT.replace("DAY", day).replace("RATES", cubes).encode()


# In UTF-7 a DOCTYPE does not look like one.
DISGUISED = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x [+ADwAIQ-ENTITY a "1.5">]><x>&a;</x>'


# In UTF-16 every other byte is zero.
WIDE = ('<!DOCTYPE x [<!ENTITY a "1.5">]>' + document(USD="&a;").decode().partition("?>")[2]).encode("utf-16")


@contextmanager
def serving(body: bytes, status: int = 200) -> Iterator[str]:
    """A server that answers everything with this; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # The name is the standard library's.
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # As above.
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/daily.xml"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_bundled_table_is_of_its_day() -> None:
    table = BundledRates().table(now=NOW)
    assert (table.source, table.as_of) == (BUNDLED, datetime(2024, 6, 28, 12, 10, tzinfo=UTC))
    assert table.rates["USD"] == Decimal("1.0705")
    assert table.rates["KRW"] == Decimal("1474.86")
    assert len(table.rates) == 30


def test_a_feed_is_read_exactly() -> None:
    with serving(document()) as url:
        provider = FeedRates(url)
        table = provider.table(now=NOW)
    assert (table.source, table.as_of) == ("127.0.0.1", datetime(2026, 11, 27, 13, 10, tzinfo=UTC))
    assert table.rates == {"USD": Decimal("1.0705"), "KRW": Decimal("1474.86")}
    assert FeedRates("https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml").source == ECB
    assert FeedRates("https://notecb.europa.eu/x").source == "notecb.europa.eu"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not_xml"),
        (b"<html><p>We are away", "not_xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + document(), "not_xml"),
        (WIDE, "not_xml"),
        (DISGUISED, "not_xml"),
        (b" " * 300_000, "not_xml"),
        (b"<nothing/>", "no_date"),
        (document("yesterday"), "no_date"),
        (document("2026-12-24"), "of_the_future"),
        (document(USD="0"), "not_positive"),
        (document(USD="1.07", KRW="-1474.86"), "not_positive"),
        (document(USD="1e3"), "not_a_number"),
        (document(USD="NaN"), "not_a_number"),
        (document(USD=""), "not_a_number"),
        (document(EUR="1"), "told_twice"),
        (document(XQQ="2"), "empty"),
    ],
)
def test_what_is_not_fit_is_refused_whole(body: bytes, problem: str) -> None:
    with pytest.raises(RatesUnfitError) as refused:
        read_feed("bank", body, now=NOW)
    assert refused.value.problem == problem


def test_a_feed_that_does_not_answer_is_unavailable() -> None:
    with serving(b"", status=503) as url, pytest.raises(RatesUnavailableError) as failed:
        FeedRates(url).table(now=NOW)
    assert failed.value.problem == "http_503"
    with pytest.raises(RatesUnavailableError) as failed:
        FeedRates("http://127.0.0.1:9/daily.xml").table(now=NOW)
    assert failed.value.problem == "no_answer"
