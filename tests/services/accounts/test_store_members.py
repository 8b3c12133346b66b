"""Who works for a store: invited by mail, in roles, never without an owner (IDN-01, IDN-02)."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import Mail
from portal.rules.permissions import Actor, StoreRole
from portal.services.accounts.emails import EmailUnfitError
from portal.services.accounts.invite_member import (
    AlreadyMemberError,
    InvitationForOtherError,
    TooManyInvitationsError,
    answer_invitation,
    invite_member,
    take_back_invitation,
)
from portal.services.accounts.links import LinkSpentError
from portal.services.accounts.store_members import (
    LastOwnerError,
    MemberChangedError,
    MembersForbiddenError,
    MemberUnknownError,
    change_member,
    remove_member,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.refund import rows
from tests.factories.top_up import work_off_events

pytestmark = pytest.mark.req("IDN-01", "IDN-02")


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


def invite(mall: Mall, by: Actor, email: str = "pia@example.com", role: StoreRole = StoreRole.SUPPORT) -> uuid.UUID:
    store_id = mall.store_ids[0]
    return atomically(
        lambda s: invite_member(s, store_id=store_id, email=email, role=role, locale="en", actor=by, now=clock.now())
    )


def token() -> str:
    """The token of the latest invitation's mail."""
    work_off_events()
    with reading() as session:
        found = select(Mail.body).where(Mail.template == "store_invitation").order_by(Mail.created_at.desc())
        body = session.scalars(found.limit(1)).one()
    link = re.search(r"/account/store-invitations/(\S+)", body)
    assert link
    return link[1]


def answer(person: Person, key: str, *, accepts: bool = True) -> None:
    atomically(lambda s: answer_invitation(s, token=key, accepts=accepts, actor=person.actor, now=clock.now()))


def change(mall: Mall, by: Actor, who: Person, role: StoreRole, was: str) -> None:
    store_id = mall.store_ids[0]
    atomically(
        lambda s: change_member(s, store_id=store_id, user_id=who.id, role=role, was=was, actor=by, now=clock.now())
    )


def remove(mall: Mall, by: Actor, who: Person) -> None:
    store_id = mall.store_ids[0]
    atomically(lambda s: remove_member(s, store_id=store_id, user_id=who.id, actor=by, now=clock.now()))


def members() -> list[tuple[uuid.UUID, str]]:
    return rows("SELECT user_id, role FROM store_member ORDER BY role")


def test_an_invitation_is_good_once_for_whom_it_was_sent_to(mall: Mall, sam: Person) -> None:
    pia, max_ = make_person("pia"), make_person("max")
    invite(mall, sam.actor)
    key = token()
    with pytest.raises(InvitationForOtherError):
        answer(max_, key)
    answer(pia, key)
    assert members() == [(sam.id, "owner"), (pia.id, "support")]
    with pytest.raises(LinkSpentError):
        answer(pia, key)
    with pytest.raises(AlreadyMemberError):
        invite(mall, sam.actor)
    assert rows("SELECT action FROM audit_row WHERE action LIKE 'store:member%' ORDER BY id") == [
        ("store:member-invited",),
        ("store:member-answered",),
    ]
    [(kept,)] = rows("SELECT email FROM store_invitation")
    assert b"pia" not in bytes(kept)


def test_an_invitation_ends_when_it_is_refused_taken_back_replaced_or_old(mall: Mall, sam: Person) -> None:
    pia = make_person("pia")
    invite(mall, sam.actor)
    first = token()
    invite(mall, sam.actor, role=StoreRole.MANAGER)
    with pytest.raises(LinkSpentError):
        answer(pia, first)
    answer(pia, token(), accepts=False)
    assert members() == [(sam.id, "owner")]
    third = invite(mall, sam.actor)
    key = token()
    with clock.frozen(clock.now() + timedelta(days=8)), pytest.raises(LinkSpentError):
        answer(pia, key)
    store_id, other = mall.store_ids
    with pytest.raises(MembersForbiddenError), transaction() as session:
        take_back_invitation(session, store_id=other, invitation_id=third, actor=sam.actor, now=clock.now())
    with transaction() as session:
        take_back_invitation(session, store_id=store_id, invitation_id=third, actor=sam.actor, now=clock.now())
    with pytest.raises(LinkSpentError):
        answer(pia, key)
    with pytest.raises(LinkSpentError):
        answer(pia, "x" * 40)


def test_unfit_invitations_are_refused(mall: Mall, sam: Person) -> None:
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    cases: list[tuple[Actor, str, type[PortalError]]] = [
        (sam.actor, "nobody", EmailUnfitError),
        (sue.actor, "pia@example.com", MembersForbiddenError),
        (make_person("bea").actor, "pia@example.com", MembersForbiddenError),
    ]
    for by, email, error in cases:
        with pytest.raises(error):
            invite(mall, by, email)
    for number in range(20):
        invite(mall, sam.actor, f"p{number}@example.com")
    with pytest.raises(TooManyInvitationsError):
        invite(mall, sam.actor)


def test_the_last_owner_stays_and_the_second_of_two_is_told(mall: Mall, sam: Person) -> None:
    mina = make_person("mina", store_ids=(mall.store_ids[0],))
    with transaction() as session:
        session.execute(text("UPDATE store_member SET role = 'support' WHERE user_id = :id"), {"id": mina.id})
    with pytest.raises(LastOwnerError):
        remove(mall, sam.actor, sam)
    with pytest.raises(LastOwnerError):
        change(mall, sam.actor, sam, StoreRole.MANAGER, "owner")
    change(mall, sam.actor, mina, StoreRole.FULFILMENT, "support")
    change(mall, sam.actor, mina, StoreRole.FULFILMENT, "support")  # Pressed twice.
    with pytest.raises(MemberChangedError):
        change(mall, sam.actor, mina, StoreRole.MANAGER, "support")
    helper = Actor(
        mina.id, mina.actor.roles, mina.actor.store_ids, frozenset({(mall.store_ids[0], StoreRole.FULFILMENT)})
    )
    with pytest.raises(MembersForbiddenError):
        remove(mall, helper, sam)
    remove(mall, helper, mina)  # Everybody may go.
    assert members() == [(sam.id, "owner")]
    with pytest.raises(MemberUnknownError):
        remove(mall, sam.actor, mina)


def test_two_owners_who_remove_each_other_at_once_leave_one(mall: Mall, sam: Person) -> None:
    mina = make_person("mina", store_ids=(mall.store_ids[0],))

    def go(pair: tuple[Person, Person]) -> str:
        try:
            remove(mall, pair[0].actor, pair[1])
        except LastOwnerError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, [(sam, mina), (mina, sam)])) == ["done", "store_last_owner"]
    assert len(members()) == 1
