"""What administrators may do about people, and what they may not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db import atomically, reading
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.models import Mail, OutboxEvent
from portal.queries.api_clients import find_client
from portal.queries.identities import find_identity
from portal.queries.users import BLOCKED, Seen, UserFilter, list_users
from portal.rules.permissions import ADMIN_ROLES, Actor, Role
from portal.rules.roles import may_touch, roles_after
from portal.services.accounts.sessions import hash_token
from portal.services.accounts.sign_in import BLOCKED as BLOCKED_ANSWER
from portal.services.accounts.sign_in import WRONG_CREDENTIALS, sign_in
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.people.change_roles import change_roles
from portal.services.people.keep_out import (
    block_sign_in,
    end_session,
    reset_factors,
    send_password_link,
    unblock_sign_in,
)
from portal.services.restrictions.freeze_account import LastAdminError
from tests.factories.account import PASSWORD, Person, make_person, make_session
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, make_totp, with_session

pytestmark = pytest.mark.req("IDN-03", "IDN-05")


def _act(work: Callable[..., bool], user_id: uuid.UUID, actor: Actor, *, reason: str = "asked by phone") -> bool:
    done: bool = confirmed(
        actor,
        lambda s: work(s, user_id=user_id, reason=reason, actor=actor, now=clock.now()),
    )
    return done


def _roles(ada: Person, user_id: uuid.UUID, *chosen: Role, known: tuple[str, ...] = ("buyer",)) -> bool:
    return confirmed(
        ada.actor,
        lambda s: change_roles(
            s, user_id=user_id, chosen=chosen, known=known, reason="new job", actor=ada.actor, now=clock.now()
        ),
    )


def _audited(user_id: uuid.UUID) -> list[str]:
    return [row[0] for row in rows("SELECT action FROM audit_row WHERE ref = :ref ORDER BY id", ref=f"user:{user_id}")]


def _sign_in(person: Person, password: str = PASSWORD) -> uuid.UUID | Rejection:
    return atomically(lambda s: sign_in(s, email=person.email, password=password, now=clock.now()))


def test_a_blocked_person_is_out_at_once_and_learns_it_only_with_the_password(db: None) -> None:
    bea, rita = make_person("bea"), make_person("rita", roles=("risk",))
    token, _ = make_session(bea)

    assert _act(block_sign_in, bea.id, rita.actor)
    assert not _act(block_sign_in, bea.id, rita.actor)

    with reading() as session:
        assert find_identity(session, token_hash=hash_token(token), now=clock.now()) is None
        found = list_users(session, chosen=UserFilter(state=BLOCKED), cursor=None, now=clock.now()).rows
    assert [row.id for row in found] == [bea.id]
    assert _sign_in(bea) == BLOCKED_ANSWER
    assert _sign_in(bea, "not the password") == WRONG_CREDENTIALS
    assert _act(unblock_sign_in, bea.id, rita.actor)
    assert _sign_in(bea) == bea.id
    assert [one for one in _audited(bea.id) if one.startswith("user:")] == ["user:blocked", "user:unblocked"]
    assert rows("SELECT act FROM user_note ORDER BY at") == [("blocked",), ("unblocked",)]


def test_a_session_that_began_beside_a_block_is_worth_nothing(db: None) -> None:
    bea, rita = make_person("bea"), make_person("rita", roles=("risk",))
    _act(block_sign_in, bea.id, rita.actor)
    token, _ = make_session(bea)

    with reading() as session:
        assert find_identity(session, token_hash=hash_token(token), now=clock.now()) is None
        assert find_client(session, key_hash=b"no such key", now=clock.now()) is None


def test_roles_are_given_and_taken_with_a_second_proof_and_a_reason(db: None) -> None:
    ada, bea = with_session(make_person("ada", roles=("admin",))), make_person("bea")
    facts: dict[str, Any] = {
        "user_id": bea.id,
        "chosen": [Role.RISK],
        "known": ["buyer"],
        "actor": ada.actor,
        "now": clock.now(),
    }

    with pytest.raises(StepUpNeededError):
        atomically(lambda s: change_roles(s, reason="new job", **facts))
    assert _roles(ada, bea.id, Role.RISK, Role.AUDITOR)
    assert rows("SELECT roles FROM user_account WHERE id = :id", id=bea.id) == [(["auditor", "buyer", "risk"],)]
    assert _roles(ada, bea.id, known=("auditor", "buyer", "risk"))
    assert rows("SELECT roles FROM user_account WHERE id = :id", id=bea.id) == [(["buyer"],)]
    assert _audited(bea.id).count("user:roles-changed") == 2


@pytest.mark.parametrize(
    ("who", "whom", "chosen", "known", "code"),
    [
        ("ada", "ada", [Role.RISK], ["admin"], "own_account"),
        ("rita", "bea", [Role.ADMIN], ["buyer"], "not_found"),
        ("ada", "bea", [Role.ADMIN], ["buyer", "risk"], "roles_changed"),
        ("ada", "fay", [Role.ADMIN], ["buyer"], "role_not_trusted"),
        ("ada", "cleo", [Role.ADMIN], ["buyer"], "account_closed"),
    ],
)
def test_nobody_raises_himself_or_somebody_who_is_not_trusted(
    db: None, who: str, whom: str, chosen: list[Role], known: list[str], code: str
) -> None:
    people = {
        "ada": with_session(make_person("ada", roles=("admin",))),
        "rita": make_person("rita", roles=("risk",)),
        "bea": make_person("bea"),
        "fay": make_person("fay", state="frozen"),
        "cleo": make_person("cleo", state="closed"),
    }
    before = rows("SELECT id, roles FROM user_account ORDER BY id")

    with pytest.raises(PortalError) as refused:
        confirmed(
            people[who].actor,
            lambda s: change_roles(
                s, user_id=people[whom].id, chosen=chosen, known=known, reason="so", actor=people[who].actor,
                now=clock.now(),
            ),
        )  # fmt: skip
    assert refused.value.code == code
    assert rows("SELECT id, roles FROM user_account ORDER BY id") == before


def test_the_last_administrator_who_can_come_in_keeps_role_and_sign_in(db: None) -> None:
    ada, ana = (with_session(make_person(name, roles=("admin",))) for name in ("ada", "ana"))
    _act(block_sign_in, ana.id, ada.actor)

    # Whoever is blocked has no session, but a request of his may be under way.
    with pytest.raises(LastAdminError):
        _roles(ana, ada.id, Role.RISK, known=("admin",))
    with pytest.raises(LastAdminError):
        _act(block_sign_in, ada.id, ana.actor)


def test_only_the_full_administrator_touches_an_administrator(db: None) -> None:
    ada, rita = make_person("ada", roles=("admin",)), make_person("rita", roles=("risk",))
    works: list[Callable[..., bool]] = [block_sign_in, send_password_link, reset_factors]
    for work in works:
        with pytest.raises(PortalError) as refused:
            _act(work, ada.id, rita.actor)
        assert refused.value.code == "target_is_administrator"


def test_lost_second_proofs_are_removed_and_the_owner_is_told(db: None) -> None:
    bea, rita = make_person("bea"), with_session(make_person("rita", roles=("risk",)))
    token, _ = make_session(bea)
    make_totp(bea)

    assert _act(reset_factors, bea.id, rita.actor)

    assert rows("SELECT count(*) FROM second_factor") == [(0,)]
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'account.factor_removed'") == [(1,)]
    with reading() as session:
        assert find_identity(session, token_hash=hash_token(token), now=clock.now()) is None
    with pytest.raises(PortalError, match="no second proofs"):
        _act(reset_factors, bea.id, rita.actor)


def test_one_browser_is_signed_out_and_only_of_that_person(db: None) -> None:
    bea, max_, olga = make_person("bea"), make_person("max"), make_person("olga", roles=("operations",))
    _, session_id = make_session(bea)
    facts: dict[str, Any] = {"session_id": session_id, "actor": olga.actor, "now": clock.now()}

    with pytest.raises(PortalError, match="does not exist"):
        atomically(lambda s: end_session(s, user_id=max_.id, **facts))
    atomically(lambda s: end_session(s, user_id=bea.id, **facts))
    assert rows("SELECT revoked_at IS NOT NULL FROM web_session WHERE id = :id", id=session_id) == [(True,)]


def test_the_link_for_a_new_password_goes_to_the_person_alone(db: None) -> None:
    bea, olga = make_person("bea"), make_person("olga", roles=("operations",))

    assert _act(send_password_link, bea.id, olga.actor)

    assert rows("SELECT subject FROM outbox_event WHERE kind = 'account.reset_requested'") == [(f"user:{bea.id}",)]
    with pytest.raises(PortalError, match="Say why"):
        _act(send_password_link, bea.id, olga.actor, reason=" \0 ")


def test_the_list_narrows_to_role_last_seen_and_when_they_signed_up(db: None) -> None:
    now = clock.now()
    old, new = make_person("old", now=now - timedelta(days=200)), make_person("new")
    ada = make_person("ada", roles=("admin",), now=now - timedelta(days=100))
    make_session(old, now=now - timedelta(days=120))
    make_session(ada, now=now - timedelta(days=20))

    def ids(**chosen: object) -> list[uuid.UUID]:
        with reading() as session:
            found = list_users(session, chosen=UserFilter(**chosen), cursor=None, now=now)  # type: ignore[arg-type]  # Any filter.
        return [row.id for row in found.rows]

    assert ids(role="admin") == [ada.id]
    assert ids(seen=Seen.MONTH) == [ada.id]
    assert ids(seen=Seen.LONG_AGO) == [new.id, old.id]
    assert ids(joined_from=now - timedelta(days=150), joined_until=now - timedelta(days=50)) == [ada.id]


@given(st.sets(st.sampled_from(list(Role))), st.sets(st.sampled_from(list(Role))))
def test_only_what_is_given_by_hand_changes(before: set[Role], chosen: set[Role]) -> None:
    after = set(roles_after(before, chosen))

    assert after - ADMIN_ROLES == before - ADMIN_ROLES
    assert after & ADMIN_ROLES == chosen & ADMIN_ROLES
    assert may_touch([Role.ADMIN], after)


@pytest.mark.req("NOT-01")
def test_a_person_hears_what_others_change_of_his_roles_and_his_sign_in(books: None) -> None:
    ada, pia = with_session(make_person("ada", roles=("admin",))), make_person("pia")
    assert _roles(ada, pia.id, Role.OPERATIONS)
    assert _act(block_sign_in, pia.id, ada.actor)
    assert _act(unblock_sign_in, pia.id, ada.actor)
    with reading() as session:
        told = list(session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))
    handle_events(told)
    handle_events(told)
    bells = "SELECT kind FROM notice WHERE user_id = :id ORDER BY kind"
    assert rows(bells, id=pia.id) == [("roles_changed",), ("sign_in_open",)]
    with reading() as session:
        mails = session.scalars(select(Mail).where(Mail.user_id == pia.id, Mail.template == "access_changed")).all()
    assert len(mails) == 3
    assert any("blocked by the mall" in one.body for one in mails)
    assert not any("asked by phone" in one.body for one in mails)
