"""Routing rules in the administrators' pages: written rule by rule, read back as sentences, put in force (PAY-04)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.queries.routing_rules import in_force
from portal.rules.route_rules import RouteRule
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_gateway, make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-04")

NEW = "/admin/gateways/rules/new"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def paylink(mall: Mall) -> int:
    return make_gateway("paylink")


@pytest.fixture
def twin(paylink: int) -> int:
    return make_gateway("twin")


@pytest.fixture
def fay(mall: Mall) -> Person:
    return make_person("fay", roles=("finance",))


@pytest.fixture
def client(app: APIFlask, fay: Person) -> FlaskClient:
    return browser(app, fay)


def written(*targets: Any, n: int = 1, shares: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """One rule as the page sends it."""
    kept = list(shares) or [""] * len(targets)
    rule = {"target": [*map(str, targets), ""], "share": [*kept, ""]} | more
    return {f"rule{n}-{name}": value for name, value in rule.items()}


def send(client: FlaskClient, do: str, *rules: dict[str, Any], newest: int = 0, **more: Any) -> Any:
    token = {"csrf_token": fields(client.get(NEW).text)["csrf_token"]}
    data: dict[str, Any] = {"newest": newest, "count": len(rules), "do": do, "note": "Cheaper"} | token | more
    for rule in rules:
        data |= rule
    return client.post(NEW, data=data)


def save(client: FlaskClient, *rules: dict[str, Any], newest: int = 0) -> int:
    answer = send(client, "save", *rules, newest=newest)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("/")[2])


def put_in_force(client: FlaskClient, version: int, *, replaces: int = 0, reason: str = "Lower fees") -> Any:
    path = f"/admin/gateways/rules/{version}"
    token = {"csrf_token": fields(client.get("/admin/gateways").text)["csrf_token"]}
    return client.post(f"{path}/release", data=token | {"replaces": replaces, "reason": reason})


def test_a_version_is_written_read_back_and_put_in_force(
    client: FlaskClient, mall: Mall, paylink: int, twin: int
) -> None:
    rule = written(
        twin,
        paylink,
        channels=[str(mall.kr.id)],
        methods=["credit_card", "bank_transfer"],
        locales=["ko", "en"],
        countries="kr, us",
        currency="krw",
        smallest="1,000",
        largest="50000",
    )
    version = save(client, rule)
    page = client.get(f"/admin/gateways/rules/{version}").text
    for words in (
        "by Bank transfer or Credit card, from buyers in South Korea or United States, on pages in English or Korean",
        "from ₩1,000 to ₩50,000 KRW go to twin, then to paylink",
        "Draft",
        "Cheaper",
    ):
        assert words in page
    assert "In force: no rules yet" in client.get("/admin/gateways/rules").text
    bea = make_person("bea")
    goods = {make_variant(mall, krw=12_000): 1}
    assert put_in_force(client, version).status_code == 303
    make_order(bea, mall, goods)
    assert rows("SELECT g.name FROM payment_attempt a JOIN gateway_account g ON g.id = a.gateway_account_id") == [
        ("twin",)
    ]
    with transaction() as session:
        rules = in_force(session).rules
    assert rules.rules == (
        RouteRule(
            (twin, paylink),
            channel_ids=frozenset({mall.kr.id}),
            countries=frozenset({"KR", "US"}),
            locales=frozenset({"ko", "en"}),
            methods=frozenset({"credit_card", "bank_transfer"}),
            currency="KRW",
            minimum_minor=1_000,
            maximum_minor=50_000,
        ),
    )
    listed = client.get("/admin/gateways/rules").text
    for words in (f"In force: version {version}", "Fay", "Lower fees"):
        assert words in listed


def test_sentences_are_korean_for_korean_readers(client: FlaskClient, paylink: int, twin: int) -> None:
    version = save(client, written(twin, paylink, shares=("70", "30"), currency="KRW", smallest="1000"))
    page = client.get(f"/admin/gateways/rules/{version}?lang=ko").text
    assert "1,000원 이상(KRW) 결제는 구매자별로 나누어 twin에 70%, paylink에 30% 보냅니다" in page


def test_shares_are_read_back(client: FlaskClient, paylink: int, twin: int) -> None:
    version = save(client, written(twin, paylink, shares=("70", "30")))
    assert "All payments are divided among buyers: 70% to twin, 30% to paylink." in (
        client.get(f"/admin/gateways/rules/{version}").text
    )


def test_a_new_version_begins_as_the_one_in_force(client: FlaskClient, paylink: int, twin: int) -> None:
    first = save(client, written(twin, currency="USD", smallest="1.50"))
    second = save(client, written(paylink), newest=first)
    put_in_force(client, first)
    page = client.get(NEW).text
    assert 'value="1.50"' in page
    assert f'name="newest" value="{second}"' in page
    assert 'value="1.50"' not in client.get(f"{NEW}?from={second}").text


@pytest.mark.parametrize(
    ("do", "countries"),
    [
        ("add", ["KR", "US", "JP", ""]),
        ("up-3", ["KR", "JP", "US"]),
        ("up-1", ["KR", "US", "JP"]),
        ("down-1", ["US", "KR", "JP"]),
        ("down-3", ["KR", "US", "JP"]),
        ("remove-2", ["KR", "JP"]),
        ("remove-4", ["KR", "US", "JP"]),
        ("keep", ["KR", "US", "JP"]),
        ("nonsense-x", ["KR", "US", "JP"]),
    ],
)
def test_rules_are_moved_by_plain_buttons(client: FlaskClient, twin: int, do: str, countries: list[str]) -> None:
    typed = [written(twin, n=n, countries=one) for n, one in enumerate(("KR", "US", "JP"), start=1)]
    answer = send(client, do, *typed)
    assert answer.status_code == 200
    shown = [
        answer.text.partition(f'name="rule{n}-countries" value="')[2].partition('"')[0]
        for n in range(1, len(countries) + 1)
    ]
    assert shown == countries
    assert f'id="rule{len(countries) + 1}"' not in answer.text
    assert rows("SELECT count(*) FROM routing_version") == [(0,)]


def test_a_version_may_have_no_rules(client: FlaskClient, mall: Mall) -> None:
    assert "No rule: every account in its own order." in client.get(f"/admin/gateways/rules/{save(client)}").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target": [""], "share": [""]}, "targets"),
        ({"target": ["999"], "share": [""]}, "targets"),
        ({"target": ["x"], "share": [""]}, "targets"),
        ({"share": ["99", ""]}, "targets"),
        ({"share": ["half", ""]}, "targets"),
        ({"channels": ["999"]}, "channels"),
        ({"countries": "KOR"}, "countries"),
        ({"currency": "WON"}, "currency"),
        ({"smallest": "5"}, "amounts"),
        ({"currency": "KRW", "smallest": "1.5"}, "amounts"),
        ({"currency": "KRW", "smallest": "6", "largest": "5"}, "amounts"),
        ({"currency": "KRW", "largest": "0"}, "amounts"),
        ({"currency": "KRW", "largest": "9" * 40}, "amounts"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_saves_nothing(
    client: FlaskClient, twin: int, changes: dict[str, Any], field: str
) -> None:
    answer = send(client, "save", written(twin), written(twin, n=2) | {f"rule2-{k}": v for k, v in changes.items()})
    assert answer.status_code == 422
    assert f'href="#rule2-{field}"' in answer.text
    assert f'id="rule2-{field}-error"' in answer.text
    assert "rule1-targets-error" not in answer.text
    assert rows("SELECT count(*) FROM routing_version") == [(0,)]


def test_the_second_writer_is_told_who_and_keeps_what_was_typed(app: APIFlask, client: FlaskClient, twin: int) -> None:
    save(browser(app, make_person("gil", roles=("finance",))), written(twin))
    late = send(client, "save", written(twin, countries="JP"), newest=0)
    assert (late.status_code, "Meanwhile Gil has written or released version 1" in late.text) == (409, True)
    assert 'value="JP"' in late.text
    assert 'name="newest" value="1"' in late.text


def test_a_release_without_a_reason_is_refused_at_its_field(client: FlaskClient, twin: int) -> None:
    version = save(client, written(twin))
    answer = put_in_force(client, version, reason=" ")
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    assert rows("SELECT count(*) FROM routing_release") == [(0,)]


def test_one_steps_back_to_an_older_version(client: FlaskClient, twin: int, paylink: int) -> None:
    first = save(client, written(twin))
    second = save(client, written(paylink), newest=first)
    put_in_force(client, first)
    put_in_force(client, second, replaces=1)
    page = client.get(f"/admin/gateways/rules/{first}").text
    assert "Step back to this version" in page
    assert "Was in force" in page
    late = put_in_force(client, first, replaces=1, reason="Twin is dear")
    assert late.status_code == 409
    assert put_in_force(client, first, replaces=2, reason="Twin is dear").status_code == 303
    page = client.get(f"/admin/gateways/rules/{first}").text
    assert "Twin is dear" in page
    assert "Put it in force" not in page


def test_a_version_that_is_not_there_is_not_found(client: FlaskClient, twin: int) -> None:
    assert client.get("/admin/gateways/rules/9").status_code == 404
    assert put_in_force(client, 9).status_code == 404


@pytest.mark.req("IDN-02")
def test_who_may_only_look_sees_no_way_to_change(app: APIFlask, client: FlaskClient, twin: int) -> None:
    version = save(client, written(twin))
    oz = browser(app, make_person("oz", roles=("operations",)))
    for path in ("/admin/gateways/rules", f"/admin/gateways/rules/{version}"):
        page = oz.get(path)
        assert page.status_code == 200
        assert not any(words in page.text for words in ("Put it in force", "New version", "Begin a new version"))
    assert oz.get(NEW).status_code == 403
    assert put_in_force(oz, version).status_code == 403


def test_the_pages_of_order_and_payment_say_what_decided(
    app: APIFlask, client: FlaskClient, mall: Mall, paylink: int, twin: int
) -> None:
    far = make_gateway("far", channel_id=mall.us.id)
    bea, goods = make_person("bea"), {make_variant(mall, krw=12_000): 1}
    plain = make_order(bea, mall, goods)
    put_in_force(client, save(client, written(paylink, countries="JP"), written(twin, far, n=2, currency="KRW")))
    ruled = make_order(bea, mall, goods)
    ada = browser(app, make_person("ada", roles=("admin",)))
    assert "No rules were in force" in ada.get(f"/admin/orders/{plain.number}").text
    for path in (f"/admin/orders/{ruled.number}", f"/admin/payments/{ruled.payment_id}"):
        page = ada.get(path).text
        for words in (
            "Rule 2 of version 1 decided: Payments in KRW go to twin, then to far.",
            "not for this channel",
            "Country: South Korea · Language: English",
            'href="/admin/gateways/rules/1"',
        ):
            assert words in page
        assert [part[: part.index('"')] for part in page.split('data-verdict="')[1:]] == ["chosen", "dropped", "later"]
