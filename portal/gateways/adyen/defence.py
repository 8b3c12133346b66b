"""Answers to disputes through Adyen's Disputes API (docs.adyen.com/api-explorer/Disputes/30/overview).

It documents no idempotency: a document that is supplied again takes the place of the first, and whether a defence
arrived is told by the notice INFORMATION_SUPPLIED.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from portal.gateways.adyen.config import NAME, AdyenConfig
from portal.gateways.adyen.sdk import call, disputes_client, key_of
from portal.gateways.adyen.translate import Object
from portal.gateways.base import Papers
from portal.gateways.errors import GatewayRefusedError

# The defence that claims nothing by its name: the documents say it. Others ("GoodsNotReturned") are claims of fact,
# which a person has to make in the Customer Area.
GENERAL = "SupplyDefenseMaterial"
_RECEIPT = "TIDorInvoice"
_NEEDED = frozenset({"Required", "OneOrMore", "AlternativeRequired"})


class Defence:
    """The answers to a dispute; what becomes of them is told by notice."""

    def __init__(self, config: AdyenConfig) -> None:
        self._merchant_account = config.merchant_account
        self._api = disputes_client(config)

    def send(self, op_key: str, dispute_ref: str, papers: Papers) -> None:
        """Hand the papers in. GatewayRefusedError("no_general_defence") where a reason has to be chosen by a person."""
        about = self._about(dispute_ref)
        found = _done(lambda: self._api.retrieve_applicable_defense_reasons(about))
        documents = documents_for(found.get("defenseReasons") or [], papers)
        supplied = {**about, "defenseDocuments": documents}
        _done(lambda: self._api.supply_defense_document(supplied, idempotency_key=key_of(f"{op_key}-documents")))
        defence = {**about, "defenseReasonCode": GENERAL}
        _done(lambda: self._api.defend_dispute(defence, idempotency_key=key_of(op_key)))

    def accept(self, op_key: str, dispute_ref: str) -> None:
        """Give in."""
        about = self._about(dispute_ref)
        _done(lambda: self._api.accept_dispute(about, idempotency_key=key_of(op_key)))

    def _about(self, dispute_ref: str) -> dict[str, Any]:
        return {"disputePspReference": dispute_ref, "merchantAccountCode": self._merchant_account}


def documents_for(reasons: Sequence[Object], papers: Papers) -> list[dict[str, str]]:
    """What the general defence wants, from what there is. Raises GatewayRefusedError."""
    general = next((one for one in reasons if one.get("defenseReasonCode") == GENERAL), None)
    if general is None:
        raise GatewayRefusedError(NAME, "no_general_defence" if reasons else "cannot_be_defended")
    documents = []
    for kind in general.get("defenseDocumentTypes") or []:
        code = str(kind["defenseDocumentTypeCode"])
        content = papers.receipt if code == _RECEIPT else papers.letter
        if content is None and kind["requirementLevel"] in _NEEDED:
            content = papers.letter
        if content is not None and (kind["requirementLevel"] in _NEEDED or code == _RECEIPT):
            documents.append(
                {
                    "content": b64encode(content).decode(),
                    "contentType": "application/pdf",
                    "defenseDocumentTypeCode": code,
                }
            )
    return documents


def _done(send: Callable[[], Any]) -> Object:
    """The answer, if it says that it was done. Raises the gateway errors."""
    found = call(send)
    result: Object = found.get("disputeServiceResult") or {}
    if result.get("success") is not True:
        raise GatewayRefusedError(NAME, "dispute_refused", str(result.get("errorMessage") or "")[:200])
    return found
