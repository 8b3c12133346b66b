"""A live feed over HTTP in the format of the European Central Bank's eurofxref-daily.xml."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET  # Documents with a DOCTYPE are refused before they get here.

from portal.gateways.errors import GatewayUnavailableError, OutcomeUnknownError
from portal.gateways.http import Transport
from portal.gateways.rates.base import RatesUnavailableError, RatesUnfitError, read_table
from portal.kit.rates import ECB, ReferenceTable

_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_LENGTH_MAX = 256 * 1024


class FeedRates:
    """Asks `url` each time."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url).hostname or url
        self._url = url
        self.source = ECB if host == "ecb.europa.eu" or host.endswith(".ecb.europa.eu") else host
        self._transport = Transport("rates")

    def table(self, *, now: datetime) -> ReferenceTable:
        try:
            answer = self._transport.send("GET", self._url, {"Accept": "application/xml, text/xml"})
        except (GatewayUnavailableError, OutcomeUnknownError) as failure:
            raise RatesUnavailableError(self.source, "no_answer") from failure
        if answer.status != HTTPStatus.OK:
            raise RatesUnavailableError(self.source, f"http_{answer.status}")
        return read_feed(self.source, answer.body, now=now)


def read_feed(source: str, document: bytes, *, now: datetime) -> ReferenceTable:
    """Read the daily document. Raises RatesUnfitError."""
    if len(document) > _LENGTH_MAX:
        raise RatesUnfitError(source, "not_xml")
    try:
        # In another encoding a DOCTYPE would pass unseen; a text is read as the text it is, whatever it says of itself.
        told = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RatesUnfitError(source, "not_xml") from None
    # Entities could make a small document endless; the format has none.
    if "<!DOCTYPE" in told or "<!ENTITY" in told:
        raise RatesUnfitError(source, "not_xml")
    try:
        root = ET.fromstring(told)  # noqa: S314  # Without a DOCTYPE there is nothing to expand.
    except (ET.ParseError, ValueError):
        raise RatesUnfitError(source, "not_xml") from None
    days = [cube for cube in root.iter(_CUBE) if "time" in cube.attrib]
    if len(days) != 1:
        raise RatesUnfitError(source, "no_date")
    pairs = [(cube.get("currency", ""), cube.get("rate", "")) for cube in days[0].iter(_CUBE) if cube is not days[0]]
    return read_table(source, day=days[0].attrib["time"], pairs=pairs, now=now)
