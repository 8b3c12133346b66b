"""POST /webhooks/<gateway>: verify, store, hint, 2xx (STR-02). The work is a worker's."""

from __future__ import annotations

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError, public
from portal.db import atomically, transaction
from portal.extensions import csrf
from portal.gateways.base import WebhookEvent, WebhookRefusedError
from portal.jobs.parcels import tracker
from portal.jobs.queue import enqueue_provider_event
from portal.kit import clock
from portal.queries.gateways import ConfiguredGateway, gateway_directory
from portal.services.fulfilment.take_report import take_report
from portal.services.payments.receive_webhook import store_event, store_refused

log = structlog.get_logger()

BODY_BYTES_MAX = 512 * 1024

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@bp.post("/parcels")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF publishes no types. The signature is the proof here.
def receive_parcel() -> ResponseReturnValue:
    """Take what is said of a parcel: rows of ours alone follow from it, so nothing waits for a worker."""
    asked = tracker()
    if asked is None:
        raise NotFoundError
    request.max_content_length = BODY_BYTES_MAX
    body, now = request.get_data(cache=False), clock.now()
    try:
        report = asked.read_notice(dict(request.headers), body, now)
    except WebhookRefusedError as error:
        log.warning("webhook_refused", gateway="parcels", reason=str(error))
        return {"error": "signature"}, 400
    atomically(lambda s: take_report(s, report=report, told_by="notice", now=now))
    return {"received": True}, 200


@bp.post("/<gateway>")
@public
@csrf.exempt  # type: ignore[untyped-decorator]  # Flask-WTF publishes no types. The signature is the proof here.
def receive(gateway: str) -> ResponseReturnValue:
    """Take a notice. 400 for what proves nothing; 200 for what is stored, also when it was here before."""
    accounts = [one for one in gateway_directory().values() if one.account.gateway == gateway]
    if not accounts:
        raise NotFoundError
    request.max_content_length = BODY_BYTES_MAX
    body = request.get_data(cache=False)
    account, event, reason = _verify(accounts, body)
    now = clock.now()
    if account is None or event is None:
        log.warning("webhook_refused", gateway=gateway, reason=reason)
        with transaction() as session:
            store_refused(session, gateway=gateway, reason=reason, now=now)
        return {"error": "signature"}, 400
    stored = atomically(
        lambda s: store_event(
            s,
            gateway=gateway,
            gateway_account_id=account.account.id,
            event=event,
            body=body.decode(errors="replace"),
            now=now,
        )
    )
    if stored is not None:
        enqueue_provider_event(stored)
    return (event.answer, 200, {"Content-Type": "text/plain"}) if event.answer else ({"received": True}, 200)


def _verify(
    accounts: list[ConfiguredGateway], body: bytes
) -> tuple[ConfiguredGateway | None, WebhookEvent | None, str]:
    """The account whose secret signed the notice; a vendor may be used by several accounts."""
    reason = ""
    for account in accounts:
        try:
            event = account.gateway.verify_and_parse_webhook(dict(request.headers), body, clock.now())
        except WebhookRefusedError as error:
            reason = str(error)
        else:
            return account, event, ""
    return None, None, reason
