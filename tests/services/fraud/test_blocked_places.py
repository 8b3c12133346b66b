"""Who sits at a blocked address, network or device is out with the next request, in every process (FRD-04)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.identities import find_identity
from portal.rules.risk_lists import ListKind, ListMode, read_value
from portal.services.accounts.sessions import hash_token
from portal.services.fraud.change_lists import LocksOutError, add_entry, remove_entry
from tests.blueprints.pages import sign_in
from tests.factories.account import Person, make_person, make_session
from tests.factories.cart import Mall, make_mall
from tests.factories.refund import rows
from tests.factories.step_up import with_session

pytestmark = pytest.mark.req("FRD-04", "IDN-03")

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def rita(db: None) -> Person:
    return with_session(make_person("rita", roles=("risk",)))


def put(kind: str, value: str, by: Person, mode: str = "block") -> Any:
    return atomically(
        lambda s: add_entry(
            s,
            value=read_value(ListKind(kind), value),
            mode=ListMode(mode),
            reason="seen before",
            expires_at=None,
            actor=by.actor,
            ip=None,
            now=clock.now(),
        )
    )


def knows(token: str, ip: str | None) -> bool:
    with reading() as session:
        return find_identity(session, token_hash=hash_token(token), now=clock.now(), ip=ip) is not None


@pytest.mark.parametrize(("kind", "value"), [("ip", HERE), ("network", "203.0.113.0/24")])
def test_a_blocked_place_ends_open_sessions_until_it_is_taken_off(rita: Person, kind: str, value: str) -> None:
    token, _session = make_session(make_person("bea"))
    assert knows(token, HERE)
    entry = put(kind, value, rita)
    assert not knows(token, HERE)
    assert knows(token, ELSEWHERE)
    assert knows(token, None)
    assert knows(token, "fe80::1%eth0")
    assert not knows(token, f"::ffff:{HERE}")
    atomically(lambda s: remove_entry(s, entry_id=entry, actor=rita.actor, now=clock.now()))
    assert knows(token, HERE)


def test_trust_spares_whoever_is_there(rita: Person) -> None:
    bea, max_ = make_person("bea"), make_person("max")
    tokens = [make_session(person)[0] for person in (bea, max_)]
    put("network", "203.0.113.0/24", rita)
    put("email", bea.email, rita, "allow")
    assert [knows(token, HERE) for token in tokens] == [True, False]
    put("ip", HERE, rita, "allow")
    assert [knows(token, HERE) for token in tokens] == [True, True]


def test_a_blocked_device_is_out_wherever_it_goes_but_never_ones_own(rita: Person) -> None:
    token, session_id = make_session(make_person("bea"))
    [(device,)] = rows("SELECT device_id FROM web_session WHERE id = :id", id=session_id)
    [(own,)] = rows("SELECT device_id FROM web_session WHERE id = :id", id=rita.actor.session_id)
    with pytest.raises(LocksOutError):
        put("device", str(own), rita)
    put("device", str(device), rita)
    assert not knows(token, HERE)
    assert not knows(token, None)


def test_nobody_signs_in_from_there_and_pages_send_him_away(client: FlaskClient, mall: Mall, rita: Person) -> None:
    make_person("bea")
    assert sign_in(client, "bea@example.com").status_code == 303
    assert client.get("/account").status_code == 200
    put("ip", "127.0.0.1", rita)
    assert client.get("/account").status_code in {302, 303}
    with client.session_transaction() as kept:
        kept.clear()
    refused = sign_in(client, "bea@example.com")
    assert refused.status_code == 422
    assert "You cannot sign in just now." in refused.text
