"""A passkey that somebody has already, or shows a second time (IDN-04)."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from base64 import urlsafe_b64encode

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.models import FactorKind, SecondFactor
from portal.rules.step_up import StepUpAction
from portal.services.accounts.passkeys import RelyingParty
from portal.services.accounts.second_factors import begin_factor, confirm_passkey
from portal.services.accounts.step_up import Binding
from tests.factories.account import Person, make_person
from tests.factories.refund import rows
from tests.factories.step_up import prove, with_session

pytestmark = pytest.mark.req("IDN-04")

PARTY = RelyingParty("shop.example", "https://shop.example", "Shop")
PRESENT_VERIFIED_WITH_KEY = 0x45


def made_by(credential_id: bytes, challenge: bytes) -> str:
    """What a browser would send of a passkey with this id."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
    told = hashlib.sha256(PARTY.id.encode()).digest() + bytes([PRESENT_VERIFIED_WITH_KEY]) + bytes(4) + bytes(16)
    told += len(credential_id).to_bytes(2) + credential_id + cbor2.dumps(key)
    client = {"type": "webauthn.create", "challenge": text(challenge), "origin": PARTY.origin}
    response = {
        "clientDataJSON": text(json.dumps(client).encode()),
        "attestationObject": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})),
    }
    return json.dumps(
        {"id": text(credential_id), "rawId": text(credential_id), "type": "public-key", "response": response}
    )


def text(given: bytes) -> str:
    return urlsafe_b64encode(given).rstrip(b"=").decode()


def add(person: Person, credential_id: bytes) -> Rejection | None:
    """Begin a passkey and finish it with this id."""
    prove(person.actor, StepUpAction.CHANGE_FACTOR, Binding("add:passkey"))
    actor, now = person.actor, clock.now()
    factor_id: uuid.UUID = atomically(
        lambda s: begin_factor(s, actor=actor, kind=FactorKind.PASSKEY, label="Phone", rp_id=PARTY.id, now=now)
    )
    with reading() as session:
        challenge = session.get_one(SecondFactor, factor_id).challenge or b""
    credential = made_by(credential_id, challenge)
    return atomically(
        lambda s: confirm_passkey(s, actor=actor, factor_id=factor_id, credential=credential, party=PARTY, now=now)
    )


def test_one_that_is_known_already_is_refused_and_nothing_else_happens(db: None) -> None:
    bea, max_ = with_session(make_person("bea")), with_session(make_person("max"))
    credential_id = secrets.token_bytes(32)
    assert add(bea, credential_id) is None
    for person in (bea, max_):
        refused = add(person, credential_id)
        assert isinstance(refused, Rejection)
        assert refused.code == "passkey_wrong"
    assert rows("SELECT user_id FROM second_factor WHERE confirmed_at IS NOT NULL") == [(bea.id,)]
    assert add(max_, secrets.token_bytes(32)) is None
