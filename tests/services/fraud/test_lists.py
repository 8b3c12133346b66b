"""Lists of risk: what stands on them counts for the next decision; nobody shuts himself out."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.kit import clock
from portal.rules.permissions import Actor
from portal.rules.risk_lists import (
    DayOverError,
    EntryUnfitError,
    ListKind,
    ListMode,
    NetworkTooWideError,
    read_day,
    read_value,
)
from portal.services.fraud.change_lists import (
    EntryExistsError,
    ListForbiddenError,
    LocksOutError,
    add_entry,
    remove_entry,
)
from portal.services.fraud.score_features import load_features
from tests.factories.account import Person, make_person, make_session
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, make_order
from tests.factories.refund import rows
from tests.factories.step_up import with_session

pytestmark = pytest.mark.req("FRD-04")


def put(
    kind: str, value: str, by: Person, mode: str = "block", *, ip: str | None = None, until: datetime | None = None
) -> uuid.UUID:
    return atomically(
        lambda s: add_entry(
            s,
            value=read_value(ListKind(kind), value),
            mode=ListMode(mode),
            reason="seen before",
            expires_at=until,
            actor=by.actor,
            ip=ip,
            now=clock.now(),
        )
    )


def listed(actor: Actor, ip: str | None = "203.0.113.7") -> tuple[set[str], set[str]]:
    with transaction() as session:
        known = load_features(
            session, actor=actor, currency="KRW", ip=ip, device_id=None, address=None, now=clock.now()
        )
    blocked, trusted = known.values["blocked_by"], known.values["trusted_by"]
    assert isinstance(blocked, frozenset)
    assert isinstance(trusted, frozenset)
    return set(blocked), set(trusted)


@pytest.mark.req("INC-02")
def test_rules_may_ask_for_the_segments_of_a_buyer(rita: Person) -> None:
    bea = with_session(make_person("bea", now=LONG_AGO))
    with transaction() as session:
        session.execute(
            text("INSERT INTO segment_member (key, user_id, since) VALUES ('vip', :id, now())"), {"id": bea.id}
        )
    for who, found in ((bea, {"vip"}), (with_session(rita), set())):
        with transaction() as session:
            known = load_features(
                session, actor=who.actor, currency="KRW", ip=None, device_id=None, address=None, now=clock.now()
            )
        assert known.values["segments"] == found


def test_each_kind_is_found_by_the_next_decision(rita: Person) -> None:
    mall = make_mall()
    bea = with_session(make_person("bea", now=LONG_AGO))
    make_order(bea, mall, {make_variant(mall): 1})
    with transaction() as session:
        session.execute(text('UPDATE payment_attempt SET card = card || \'{"fingerprint": "fp_1"}\''))
        [(device,)] = session.execute(
            text("SELECT device_id FROM web_session WHERE id = :id"), {"id": bea.actor.session_id}
        ).all()
    assert listed(bea.actor) == (set(), set())

    entries = [
        put("user", str(bea.id), rita),
        put("email", "BEA@example.com ", rita),
        put("device", str(device), rita),
        put("card", "fp_1", rita),
        put("ip", "203.0.113.7", rita),
        put("network", "203.0.113.0/24", rita, "allow"),
    ]
    assert listed(bea.actor) == ({"user", "email", "device", "card", "ip"}, {"network"})
    assert listed(bea.actor, "198.51.100.1") == ({"user", "email", "device", "card"}, set())
    assert listed(bea.actor, None) == ({"user", "email", "device", "card"}, set())

    for entry in entries:
        atomically(lambda s, entry=entry: remove_entry(s, entry_id=entry, actor=rita.actor, now=clock.now()))  # type: ignore[misc]  # a lambda's default
    assert listed(bea.actor) == (set(), set())
    assert rows("SELECT count(*) FROM audit_row WHERE action LIKE 'list:%'") == [(12,)]


def test_an_entry_ends_by_itself_and_makes_room(rita: Person) -> None:
    bea = make_person("bea")
    put("network", "2001:db8::/32", rita, until=clock.now() + timedelta(seconds=-1))
    assert listed(bea.actor, "2001:db8::1") == (set(), set())
    put("network", "2001:db8::/32", rita)
    assert listed(bea.actor, "2001:db8::1") == ({"network"}, set())
    with pytest.raises(EntryExistsError):
        put("network", "2001:DB8::/32", rita, "allow")


def test_nobody_shuts_himself_or_the_last_administrator_out(rita: Person) -> None:
    ada = make_person("ada", roles=("admin",))
    for kind, value in (
        ("ip", "203.0.113.9"),
        ("network", "203.0.0.0/16"),
        ("user", str(rita.id)),
        ("email", ada.email),
        ("user", str(ada.id)),
    ):
        with pytest.raises(LocksOutError):
            put(kind, value, rita, ip="203.0.113.9")
    put("ip", "203.0.113.9", rita, "allow", ip="203.0.113.9")
    # From elsewhere: where the administrators were last, and not where one of them was before.
    make_session(ada, now=clock.now() - timedelta(days=1))
    [(before,)] = rows("SELECT device_id FROM web_session WHERE user_id = :id", id=ada.id)
    make_session(ada)
    [(device,)] = rows("SELECT device_id FROM web_session WHERE device_id <> :before", before=before)
    for kind, value in (("ip", "203.0.113.7"), ("network", "203.0.113.0/24"), ("device", str(device))):
        with pytest.raises(LocksOutError):
            put(kind, value, rita, ip="198.51.100.1")
    put("device", str(before), rita, ip="198.51.100.1")
    make_person("eve", roles=("admin",))
    put("user", str(ada.id), rita)


@pytest.mark.req("IDN-02")
def test_it_takes_the_permission(rita: Person) -> None:
    with pytest.raises(ListForbiddenError):
        put("ip", "203.0.113.9", make_person("max"))


def test_the_index_of_networks_serves_the_question(db: None) -> None:
    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.scalars(
            text(
                "EXPLAIN SELECT e.mode FROM risk_list_entry e WHERE e.removed_at IS NULL AND e.network IS NOT NULL"
                " AND e.network >>= CAST('203.0.113.7' AS inet)"
            )
        ).all()
    assert "ix_risk_list_entry_network" in " ".join(plan)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ip", "203.0.113"),
        ("email", "bea"),
        ("email", "*@example.com"),
        ("user", "bea"),
        ("network", "x/8"),
        ("card", "한글"),
        ("card", ""),
    ],
)
def test_what_is_none_of_its_kind_is_refused(kind: str, value: str) -> None:
    with pytest.raises(EntryUnfitError):
        read_value(ListKind(kind), value)


def test_an_address_is_the_same_however_it_is_written() -> None:
    assert read_value(ListKind.IP, "::ffff:203.0.113.9").text == "203.0.113.9"


def test_networks_are_not_the_whole_world() -> None:
    with pytest.raises(NetworkTooWideError):
        read_value(ListKind.NETWORK, "0.0.0.0/0")
    with pytest.raises(DayOverError):
        read_day("2026-01-01", today=date(2026, 1, 2))
    assert read_day("2026-01-02", today=date(2026, 1, 2)) == date(2026, 1, 2)


@given(st.sampled_from(ListKind), st.text(max_size=60))
def test_reading_is_idempotent_and_never_crashes(kind: ListKind, typed: str) -> None:
    try:
        once = read_value(kind, typed)
    except (EntryUnfitError, NetworkTooWideError):
        return
    assert read_value(kind, once.text) == once


@pytest.fixture
def rita(db: None) -> Person:
    return make_person("rita", roles=("risk",))
