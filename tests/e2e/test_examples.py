"""The programs under examples/ as their owners start them, against a portal that knows nothing of them (API-01)."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from examples.portal_api import Portal, RefusedError
from portal.bench.own import Running
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_code
from portal.queries.channels import KEPT_FOR_S, channel_directory, forget_channels
from portal.rules.permissions import Permission
from portal.services.accounts.make_api_client import make_api_client
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.stack import ports, processes
from portal.stack.supervisor import project_root
from tests.factories.account import make_person

PATIENCE_S = 60
BUYING = (Permission.CATALOGUE_VIEW, Permission.CART_EDIT, Permission.PAYMENT_INITIATE, Permission.ORDER_VIEW)
HEARING = (Permission.WEBHOOK_VIEW, Permission.WEBHOOK_MANAGE)


def key_for(name: str, channel: str, *permissions: Permission) -> str:
    """A key of somebody new, with no more than the program needs."""
    person = make_person(f"{name}-{new_code(6).lower()}", locale="en")
    forget_channels()
    with transaction() as session:
        return make_api_client(
            session,
            actor=person.actor,
            user_id=person.id,
            channel_id=channel_directory(session)[channel].id,
            name=name,
            permissions=permissions,
            now=clock.now(),
        ).key


class Page:
    """A page as a browser gets it, without a browser."""

    def __init__(self, status: int, url: str, content: str) -> None:
        self.status, self.url, self.content = status, url, content

    def links(self, pattern: str) -> list[str]:
        found = re.findall(r'href="([^"]+)"', self.content)
        return [html.unescape(one) for one in found if re.search(pattern, one)]

    def values(self, name: str) -> list[str]:
        """What stands in the fields, choices and boxes of this name."""
        selects = re.findall(rf'<select name="{name}">(.*?)</select>', self.content, re.DOTALL)
        options = [one for inside in selects for one in re.findall(r'value="([^"]*)"', inside)]
        fields = re.findall(rf'<input[^>]* name="{name}" value="([^"]*)"', self.content)
        return [html.unescape(one) for one in (*options, *fields)]

    def marked(self, name: str) -> list[str]:
        return re.findall(rf'(?:id="{name}"|class={name})[^>]*>([^<]*)<', self.content)


def load(url: str, form: dict[str, object] | None = None, **headers: str) -> Page:
    data = urllib.parse.urlencode(form, doseq=True).encode() if form is not None else None
    asked = urllib.request.Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310  # Our own.
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310  # As above.
            return Page(answer.status, answer.url, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Page(error.code, url, error.read().decode())


def pay(url: str) -> None:
    """What the buyer does on the provider's page. Where it sends him afterwards is not looked at."""
    page = load(url)
    wallet = {"wallet": page.values("wallet")[0]} if page.values("wallet") else {}
    load(url, {"do": "approve", **wallet})


@contextmanager
def started(module: str, key: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env={**os.environ, "PORTAL_KEY": key, "PYTHONUNBUFFERED": "1"},
        cwd=project_root(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def read_until(program: subprocess.Popen[str], pattern: str) -> str:
    """The first line like this; what comes before is not kept."""
    assert program.stdout is not None
    for line in program.stdout:
        found = re.search(pattern, line)
        if found:
            return found[found.lastindex or 0]
    raise AssertionError(f"the program has ended without {pattern!r}")


def type_in(program: subprocess.Popen[str], *lines: str) -> None:
    assert program.stdin is not None
    program.stdin.write("".join(f"{line}\n" for line in lines))
    program.stdin.flush()


@pytest.mark.slow
@pytest.mark.req("API-01", "API-02")
def test_a_partners_mini_app_sells_and_hears_how_it_goes(portal: Running, shop: Settings) -> None:
    port = ports.free_port()
    key = key_for("partner", "kr", *BUYING, *HEARING)
    with started("examples.partner", key, "--portal", portal.base, "--port", str(port)) as app:
        base = read_until(app, r"at (http://\S+)/")
        product = load(base + load(f"{base}/").links("^/goods/")[0])
        variant = product.values("variant")[0]
        quote = load(f"{base}/quotes", {"variant": variant, "quantity": 1})
        form: dict[str, object] = {name: quote.values(name)[0] for name in ("key", "fingerprint", "method")}
        form |= {"consent": quote.values("consent"), "name": "김베아", "phone": "010-1234-5678", "postcode": "04524"}
        form |= {"line1": "서울특별시 중구 세종대로 110", "email": "bea@example.com"}
        assert load(f"{base}/orders", {**form, "fingerprint": "0" * 32}).marked("code") == ["changed_since_shown"]
        first, again = (load(f"{base}/orders", form) for _ in range(2))
        assert first.url == again.url

        def page() -> Page:
            return load(first.url)

        assert processes.wait_until(lambda: page().links("^http.*pay|window") != [], timeout_s=PATIENCE_S)
        pay(page().links("^http.*pay|window")[0])
        assert processes.wait_until(lambda: page().marked("status") == ["paid"], timeout_s=PATIENCE_S)
        assert processes.wait_until(lambda: "order.paid" in page().marked("message"), timeout_s=PATIENCE_S)
        assert page().marked("message")[:2] == ["order.placed", "order.paid"]

        forged = {"webhook_id": "msg_1", "webhook_timestamp": str(int(clock.now().timestamp()))}
        assert load(f"{base}/messages", {}, **forged, webhook_signature="v1,Zm9yZ2Vk").status == 400
        # The portal's own word for it, which it writes down after the program has answered.
        api = Portal(portal.base, key)
        [hook] = api.get("/webhooks")["items"]

        def states() -> set[str]:
            told = list(api.every(f"/webhooks/{hook['id']}/messages"))
            return {one["state"] for one in told if one["event"].startswith("order.")}

        assert processes.wait_until(lambda: states() == {"delivered"}, timeout_s=PATIENCE_S)


@pytest.fixture
def kiosk_channel(shop: Settings) -> Iterator[str]:
    """A channel of the kiosk's own, with the goods and prices of the Korean one; closed afterwards."""
    columns = "currency, country, default_locale, locales, time_zone, brand, policy, tax_rate, support_email"
    with transaction() as session:
        session.execute(
            text(
                f"INSERT INTO channel (code, name, {columns}) "  # noqa: S608  # Columns of our own.
                f"""SELECT 'kiosk', '{{"en": "Kiosk", "ko": "키오스크"}}', {columns} FROM channel WHERE code = 'kr'"""
            )
        )
        session.execute(
            text(
                "INSERT INTO price (variant_id, channel_id, currency, amount_minor, compare_at_minor) "
                "SELECT p.variant_id, k.id, p.currency, p.amount_minor, p.compare_at_minor FROM price p "
                "JOIN channel c ON c.id = p.channel_id AND c.code = 'kr', channel k WHERE k.code = 'kiosk'"
            )
        )
        refresh_listings(session, product_ids=session.scalars(text("SELECT id FROM product ORDER BY id LIMIT 60")))
    # Every process of the portal has read its channels anew by then.
    known_at = time.monotonic() + KEPT_FOR_S
    assert processes.wait_until(lambda: time.monotonic() > known_at, timeout_s=PATIENCE_S)
    yield "kiosk"
    with transaction() as session:
        session.execute(text("UPDATE channel SET state = 'closed' WHERE code = 'kiosk'"))
        session.execute(text("DELETE FROM listing WHERE channel_id = (SELECT id FROM channel WHERE code = 'kiosk')"))


@pytest.mark.slow
@pytest.mark.req("API-01", "CHN-01")
def test_a_kiosk_sells_on_its_channel_and_survives_a_power_cut(
    portal: Running, kiosk_channel: str, tmp_path: Path
) -> None:
    key = key_for("kiosk", kiosk_channel, *BUYING, Permission.ORDER_EDIT)
    journal = tmp_path / "sale.json"
    counter = project_root() / "examples" / "kiosk" / "counter.json"
    words = ("--portal", portal.base, "--counter", str(counter), "--journal", str(journal))
    with started("examples.kiosk", key, *words) as till:
        type_in(till, "find", "add 1 1", "card", "empty", "card", "visa", "phone")
        assert read_until(till, r"Not paid: \S+ \((\w+)\)") == "insufficient_funds"
        paid = read_until(till, r"Paid: (\S+),.* by visa …4242")
        read_until(till, r"\[cart_empty\]")
        type_in(till, "find", "add 2 1", "phone")
        number = read_until(till, r"^Order (\S+)")
        url = read_until(till, r"Pay on your phone: (\S+)")
        till.kill()
    assert journal.exists()
    pay(url)
    api = Portal(portal.base, key)
    assert processes.wait_until(lambda: api.get(f"/orders/{number}")["status"] == "paid", timeout_s=PATIENCE_S)
    with started("examples.kiosk", key, *words) as till:
        assert read_until(till, r"Paid: (\S+),") == number != paid
        type_in(till, "find", "add 1 1", "phone")
        read_until(till, r"Pay on your phone: (\S+)")
        till.kill()
    with started("examples.kiosk", key, *words) as till:
        assert read_until(till, r"Not paid: \S+ \((\w+)\)") == "cancelled"
        type_in(till, "quit")
        assert till.wait(PATIENCE_S) == 0
    assert not journal.exists()
    assert api.get(f"/orders/{number}")["channel"] == kiosk_channel
    with pytest.raises(RefusedError) as refused:
        api.get("/balances")
    assert refused.value.code == "permission_missing"
