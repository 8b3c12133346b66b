"""`portal ip-table` as it is typed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli.ip_table import ip_table
from portal.config import Settings
from portal.db import database
from portal.process import start
from tests.factories.refund import rows

pytestmark = pytest.mark.req("FRD-10")

Run = Callable[..., Result]


@pytest.fixture
def run(db: None, settings: Settings) -> Iterator[Run]:
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(ip_table, [*map(str, arguments)], env=environment)

    yield invoke
    start(settings, name="tests", connections=1)
    database.connect(settings.database_url, pool_size=24, wait_s=120, name="tests")


def test_tables_are_loaded_as_their_makers_write_them(run: Run, tmp_path: Path) -> None:
    plain = tmp_path / "places.csv"
    plain.write_text(
        "192.0.2.0,192.0.2.127,AS,KR,Seoul,Seoul,37.56,126.97\n"
        "192.0.2.100,192.0.2.200,AS,KR,Busan,Busan,35.1,129.0\n"
        "198.51.100.0,198.51.100.255,ZZ,ZZ,,,0,0\n"
    )
    loaded = run(
        "places", plain, "--source", "x", "--header", "start_ip,end_ip,continent,country,stateprov,city,lat,lon"
    )
    assert loaded.exit_code == 1
    assert "places.csv:2: it does not begin after the range before it" in loaded.output
    assert "1 ranges, 1 lines left out" in loaded.output

    blocks, locations = tmp_path / "blocks.csv.gz", tmp_path / "locations.csv"
    blocks.write_bytes(gzip.compress(b"network,geoname_id,latitude,longitude\n192.0.2.0/24,7,37.57,126.98\n"))
    locations.write_text("geoname_id,country_iso_code,city_name\n7,KR,Seoul\n")
    assert run("places", blocks, "--source", "y", "--locations", locations).exit_code == 0
    assert rows("SELECT host(first_ip), host(last_ip), country, city, latitude, longitude FROM ip_range") == [
        ("192.0.2.0", "192.0.2.255", "KR", "Seoul", 3757, 12698)
    ]
    assert rows("SELECT source, ranges FROM ip_table") == [("y", 1)]

    networks = tmp_path / "clouds.csv"
    networks.write_text("network\n203.0.113.0/26\n203.0.113.64/26\n2001:db8::/48\nnothing\n")
    assert "clouds.csv:5: " in run("datacenters", networks, "--source", "z").output
    assert rows("SELECT count(*) FROM ip_range WHERE kind = 'datacenter'") == [(2,)]


def test_a_file_that_is_no_table_leaves_the_one_before(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("network,country\n192.0.2.0/24,KR\n")
    assert run("places", good, "--source", "x").exit_code == 0
    bad.write_text("colour,country\nred,KR\n")
    refused = run("places", bad, "--source", "y")
    assert refused.exit_code == 1
    assert "no column for the addresses" in refused.output
    assert rows("SELECT source, ranges FROM ip_table") == [("x", 1)]
    assert rows("SELECT count(*) FROM ip_range") == [(1,)]
