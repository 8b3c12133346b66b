"""Disputes: opened on demand, defended with documents, decided on demand: …/risk-management/disputes-api."""

import base64
import binascii
import datetime as dt

from sandbox.adyen.errors import ApiError
from sandbox.adyen.notifications import tell
from sandbox.adyen.payments import new_psp
from sandbox.http import Json
from sandbox.world import World

TABLE = "adyen_disputes"
_DEFENCE = dt.timedelta(days=18)
_CODES = {"Fraud": "10.4", "Not received": "13.1", "Not as described": "13.3"}
_KINDS = ("application/pdf", "image/jpg", "image/jpeg", "image/tiff")
_GENERAL = "SupplyDefenseMaterial"
_OPEN = "Undefended"


def open_dispute(world: World, payment: Json, reason: str, *, amount: int | None = None, inquiry: bool = False) -> Json:
    """The cardholder objects, or his bank only asks."""
    left = payment["captured"] - payment["refunded"]
    now = dt.datetime.now(tz=dt.UTC)
    case = {
        "id": new_psp(),
        "payment": payment["id"],
        "reference": payment["reference"],
        "amount": {**payment["amount"], "value": min(amount or left, left) or payment["amount"]["value"]},
        "reason": reason,
        "code": _CODES.get(reason, reason),
        "status": "Unresponded" if inquiry else _OPEN,
        "taken": False,
        "due": (now + _DEFENCE).isoformat(timespec="seconds"),
        "documents": {},
    }
    world.store.save(TABLE, case)
    _tell(world, case, "REQUEST_FOR_INFORMATION" if inquiry else "NOTIFICATION_OF_CHARGEBACK")
    if not inquiry:
        _take(world, case, "CHARGEBACK")
    return case


def decide(world: World, case: Json, *, won: bool) -> None:
    """The bank decides, or the time for a defence is over."""
    defended = case["status"] == "Pending"
    case["status"] = "Won" if won else "Lost" if defended else "Expired"
    if won:
        case["taken"] = False
        _tell(world, case, "ISSUER_RESPONSE_TIMEFRAME_EXPIRED" if defended else "CHARGEBACK_REVERSED")
    elif defended:
        _take(world, case, "SECOND_CHARGEBACK")
    else:
        _tell(world, case, "DISPUTE_DEFENSE_PERIOD_ENDED")


def _take(world: World, case: Json, code: str) -> None:
    case["taken"] = True
    _tell(world, case, code)


def _tell(world: World, case: Json, code: str) -> None:
    world.store.save(TABLE, case)
    payment = world.store.get("adyen_payments", case["payment"])
    assert payment is not None
    more = {"disputeStatus": case["status"], "defendable": "true" if case["status"] == _OPEN else "false"}
    if code == "REQUEST_FOR_INFORMATION":
        more |= {"rfiReasonCode": case["code"], "rfiSchemeCode": payment["brand"] or ""}
    else:
        more |= {
            "chargebackReasonCode": case["code"],
            "chargebackSchemeCode": payment["brand"] or "",
            "defensePeriodEndsAt": case["due"],
        }
    tell(world, code, payment, modification=case, reason=case["reason"], more=more)


def _of(world: World, form: Json) -> Json:
    if form.get("merchantAccountCode") != world.config.adyen_merchant_account:
        raise ApiError(403, "901", "Invalid Merchant Account", "security")
    case = world.store.get(TABLE, form.get("disputePspReference"))
    if case is None:
        raise ApiError(422, "800", "The dispute does not exist.")
    return case


def _result(error: str = "") -> Json:
    return {"disputeServiceResult": {"success": not error, **({"errorMessage": error} if error else {})}}


def reasons(world: World, form: Json) -> Json:
    """POST /retrieveApplicableDefenseReasons"""
    case = _of(world, form)
    if case["status"] != _OPEN:
        return _result("The dispute cannot be defended.")
    offered = [("GoodsWereAsDescribed", "GoodsWereAsDescribed"), (_GENERAL, "DefenseMaterial")]
    return {
        "defenseReasons": [
            {
                "defenseReasonCode": reason,
                "defenseDocumentTypes": [
                    _document_type(case, "TIDorInvoice", "Optional"),
                    _document_type(case, needed, "Required"),
                ],
                "satisfied": needed in case["documents"],
            }
            for reason, needed in offered
        ],
        **_result(),
    }


def _document_type(case: Json, code: str, level: str) -> Json:
    return {"defenseDocumentTypeCode": code, "requirementLevel": level, "available": code in case["documents"]}


def supply(world: World, form: Json) -> Json:
    """POST /supplyDefenseDocument"""
    case = _of(world, form)
    for document in form.get("defenseDocuments") or []:
        try:
            content = base64.b64decode(document["content"], validate=True)
        except (binascii.Error, KeyError, ValueError) as failure:
            raise ApiError(422, "702", "The document cannot be read.") from failure
        if document.get("contentType") not in _KINDS or not content:
            raise ApiError(422, "702", "The document is of a kind that is not taken.")
        case["documents"][document["defenseDocumentTypeCode"]] = document["content"]
    world.store.save(TABLE, case)
    return _result()


def defend(world: World, form: Json) -> Json:
    """POST /defendDispute"""
    case = _of(world, form)
    if case["status"] != _OPEN:
        return _result("The dispute was defended already, or it is over.")
    needed = "DefenseMaterial" if form.get("defenseReasonCode") == _GENERAL else form.get("defenseReasonCode")
    if needed not in case["documents"]:
        return _result("Required defense documents are missing.")
    case["status"] = "Pending"
    _tell(world, case, "INFORMATION_SUPPLIED")
    case["taken"] = False
    _tell(world, case, "CHARGEBACK_REVERSED")
    return _result()


def accept(world: World, form: Json) -> Json:
    """POST /acceptDispute"""
    case = _of(world, form)
    if case["status"] != _OPEN:
        return _result("The dispute was answered already, or it is over.")
    case["status"] = "Accepted"
    _tell(world, case, "DISPUTE_DEFENSE_PERIOD_ENDED")
    return _result()
