"""`portal simulate`: each named attack is caught through the real pages, and ordinary buyers are left alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.bench.attacks import ATTACKS, HONEST, USUAL
from portal.bench.browser import Browser
from portal.bench.own import Running
from portal.bench.simulation import Seen, line_of

ROOT = Path(__file__).parents[2]
# What comes slowly, or from everywhere, walks the same pages.
QUICK = {"card testing", "account farm", "top-up laundering"}


@pytest.mark.slow
@pytest.mark.req("FRD-01", "FRD-05")
def test_every_attack_is_caught_and_nobody_else_is_stopped(portal: Running) -> None:
    walked = [name for name in (*HONEST, *ATTACKS) if name not in QUICK]
    only = [argument for name in walked for argument in ("--only", name)]
    command = [sys.executable, "-m", "portal.cli", "simulate", "--buyers", "2", *only, "--against", portal.base]
    env = {**os.environ, **portal.env, "PORTAL_HOME": str(portal.home)}

    found = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)

    assert found.returncode == 0, found.stdout + found.stderr
    lines = found.stdout.splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == walked
    honest, attacks = lines[: len(HONEST)], lines[len(HONEST) :]
    assert all(" 0 false alarms" in line for line in honest)
    assert all("caught at act" in line for line in attacks)
    # Hours do not see who is slow, days do; networks do not hide what one device is.
    assert [line.rsplit("  ", 1)[1].strip() for line in attacks if "slow" in line or "networks" in line] == [
        "declines_velocity, slow_card_testing",
        "accounts_on_device, account_farm",
    ]


def test_a_browser_that_moves_comes_from_elsewhere_and_keeps_its_cookies() -> None:
    seen = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.append((writer.get_extra_info("peername")[0], "Cookie: device=1" in head))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: device=1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def walk() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            browser = Browser()
            for source in ("127.20.0.1", "127.20.1.1"):
                browser.move_to(source)
                await browser.get(url)

    # In a thread of its own: this one may have the loop of a browser.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, walk()).result()
    assert seen == [("127.20.0.1", False), ("127.20.1.1", True)]


def test_an_attack_that_nobody_saw_and_a_buyer_who_was_stopped_are_failures() -> None:
    missed, caught = Seen("card testing", 12, 0, None, ()), Seen("card testing", 12, 2, 11, ("card_testing",))
    usual, alarm = Seen(USUAL, 8, 0, None, ()), Seen(USUAL, 8, 1, 3, ("amount_above",))
    assert [one.failed for one in (missed, caught, usual, alarm)] == [True, False, False, True]
    assert "NOT CAUGHT" in line_of(missed)
    assert line_of(caught).endswith("caught at act 11   card_testing")
    assert "1 false alarms   amount_above" in line_of(alarm)
