"""What every gateway does with a notice: it believes the vendor and nobody else (STR-02)."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.gateways.base import Approved, EventKind, Refunded, RefundRequest, WebhookEvent, WebhookRefusedError
from tests.contract.drivers import Driver
from tests.contract.receiver import Notice, Receiver

pytestmark = pytest.mark.req("STR-02")


@pytest.fixture
def notice(driver: Driver, receiver: Receiver) -> Notice:
    """The notice of a paid order, as it came over the wire."""
    request = driver.request(amount_minor=777)
    driver.finish(request, driver.gateway.charge(request))
    return receiver.wait(request.op_key)[0]


def parse(driver: Driver, notice: Notice, *, at: datetime | None = None) -> WebhookEvent:
    return driver.gateway.verify_and_parse_webhook(notice[0], notice[1], at or datetime.now(tz=UTC))


def test_a_genuine_notice_says_what_happened(driver: Driver, receiver: Receiver) -> None:
    request = driver.request(amount_minor=778)
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    event = parse(driver, receiver.wait(request.op_key)[0])
    assert event.kind is EventKind.PAYMENT
    assert (event.op_key, event.gateway_ref) == (request.op_key, outcome.gateway_ref)
    if not driver.tells_amounts:
        assert (event.outcome, event.amount_minor) == (None, None)
        return
    assert (event.amount_minor, event.currency) == (778, "USD")
    assert isinstance(event.outcome, Approved)
    assert event.outcome.captured
    assert event.occurred_at.tzinfo is not None


def test_a_refund_is_told_with_its_own_key(driver: Driver, receiver: Receiver) -> None:
    request = driver.request()
    outcome = driver.finish(request, driver.gateway.charge(request))
    assert isinstance(outcome, Approved)
    key = f"refund-{request.op_key}"
    refund = driver.gateway.refund(RefundRequest(key, outcome.gateway_ref, 500, "USD"))
    if not driver.tells_amounts:
        # The notice names what was made, by which our refund is known.
        assert isinstance(refund, Refunded)
        told = parse(driver, receiver.wait(refund.refund_ref)[0])
        assert (told.kind, told.outcome) == (EventKind.REFUND, None)
        assert (told.object_ref, told.gateway_ref) == (refund.refund_ref, outcome.gateway_ref)
        return
    event = parse(driver, receiver.wait(key)[0])
    assert event.kind is EventKind.REFUND
    assert (event.op_key, event.gateway_ref) == (key, outcome.gateway_ref)
    assert isinstance(event.outcome, Refunded)
    assert event.outcome.amount_minor == 500


def test_header_names_come_in_any_case(driver: Driver, notice: Notice) -> None:
    headers, body = notice
    assert parse(driver, ({name.upper(): value for name, value in headers.items()}, body)) == parse(driver, notice)


def test_the_same_notice_has_the_same_id(driver: Driver, receiver: Receiver) -> None:
    request = driver.request()
    driver.sandbox.fault(kind="twice", order=request.order_number)
    driver.finish(request, driver.gateway.charge(request))
    first, second = receiver.wait(request.op_key, count=2)[:2]
    assert parse(driver, first).event_id == parse(driver, second).event_id


@pytest.mark.parametrize("trouble", ["forged", "altered", "stale"])
def test_a_spoiled_notice_is_refused(driver: Driver, receiver: Receiver, trouble: str) -> None:
    if trouble == "stale" and not driver.has_stamps:
        pytest.skip("This vendor signs no time: an old notice is believed, and known by its id.")
    request = driver.request()
    driver.sandbox.fault(kind=trouble, order=request.order_number)
    driver.finish(request, driver.gateway.charge(request))
    believed, refused = [], []
    for each in receiver.wait(request.op_key, count=2):
        try:
            believed.append(parse(driver, each))
        except WebhookRefusedError as refusal:
            refused.append(refusal.reason)
    assert refused == ["stale" if trouble == "stale" else "forged"]
    assert len(believed) == 1


def test_one_changed_byte_is_noticed(driver: Driver, notice: Notice) -> None:
    headers, body = notice
    with pytest.raises(WebhookRefusedError) as refusal:
        parse(driver, (headers, body.replace(*((b"777", b"776") if driver.tells_amounts else (b".op-", b".oq-")))))
    assert refusal.value.reason == "forged"


def test_an_unsigned_notice_is_refused(driver: Driver, notice: Notice) -> None:
    with pytest.raises(WebhookRefusedError) as refusal:
        parse(driver, ({"content-type": "application/json"}, notice[1]))
    assert refusal.value.reason == "unsigned"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_notice_is_believed_for_five_minutes(driver: Driver, notice: Notice, minutes: int) -> None:
    now = datetime.now(tz=UTC)
    believed = parse(driver, notice, at=now + timedelta(minutes=4 if minutes > 0 else -4))
    if not driver.has_stamps:
        assert parse(driver, notice, at=now + timedelta(minutes=minutes)).event_id == believed.event_id
        return
    with pytest.raises(WebhookRefusedError) as refusal:
        parse(driver, notice, at=now + timedelta(minutes=minutes))
    assert refusal.value.reason == "stale"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"id": 1}'])
def test_rubbish_is_refused_whatever_it_is(driver: Driver, notice: Notice, body: bytes) -> None:
    with pytest.raises(WebhookRefusedError):
        parse(driver, (notice[0], body))
