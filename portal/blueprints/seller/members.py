"""Who works for the store: asked by mail, given a role, let go (IDN-01, IDN-02)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import requires_in
from portal.blueprints.identity import current_actor, current_locale
from portal.blueprints.seller.desk import around, desk_of
from portal.blueprints.store_role_words import ACTS, ROLE_WORDS
from portal.db import atomically, reading
from portal.htmx import done, leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.store_members import list_invitations, list_members
from portal.rules.permissions import STORE_MATRIX, Permission, Scope, StoreRole
from portal.services.accounts.invite_member import invite_member, take_back_invitation
from portal.services.accounts.store_members import change_member, remove_member, role_of


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/members", "members", index)
    bp.add_url_rule("/members", "member_invite", invite, methods=["POST"])
    bp.add_url_rule("/members/<uuid:user_id>/role", "member_role", change, methods=["POST"])
    bp.add_url_rule("/members/<uuid:user_id>/removal", "member_removal", ask)
    bp.add_url_rule("/members/<uuid:user_id>/removal", "member_remove", remove, methods=["POST"])
    bp.add_url_rule("/invitations/<uuid:invitation_id>/end", "invitation_end", take_back, methods=["POST"])


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def index() -> ResponseReturnValue:
    """Everybody with his role, open invitations, and what each role may do."""
    return _page()


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def invite() -> ResponseReturnValue:
    """Ask somebody by mail."""
    email, role = request.form.get("email", "").replace("\0", "")[:254], request.form.get("role", "")
    locale = current_locale()

    def work(session: Session, store_id: int) -> None:
        invite_member(
            session,
            store_id=store_id,
            email=email,
            role=role_of(role),
            locale=locale,
            actor=current_actor(),
            now=clock.now(),
        )

    return _act(work, _("The invitation is on its way."), place="email")


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def change(user_id: uuid.UUID) -> ResponseReturnValue:
    """Give a member another role."""
    role, was = request.form.get("role", ""), request.form.get("was", "")

    def work(session: Session, store_id: int) -> None:
        change_member(
            session,
            store_id=store_id,
            user_id=user_id,
            role=role_of(role),
            was=was,
            actor=current_actor(),
            now=clock.now(),
        )

    return _act(work, _("The role is changed."), place=f"role-{user_id}")


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def ask(user_id: uuid.UUID) -> ResponseReturnValue:
    """Whom it concerns, and what letting him go means."""
    with reading() as session:
        desk = desk_of(session)
        member = next((one for one in list_members(session, store_id=desk.store.id) if one.user_id == user_id), None)
    if member is None:
        raise NotFoundError
    return render_template("seller/members/removal.html", member=member, **around(desk, "seller.members"))


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def remove(user_id: uuid.UUID) -> ResponseReturnValue:
    """Let a member go."""

    def work(session: Session, store_id: int) -> None:
        remove_member(session, store_id=store_id, user_id=user_id, actor=current_actor(), now=clock.now())

    if user_id == current_actor().user_id:
        return _act(work, _("You do not work for this store any more."), place=f"role-{user_id}", leaves=True)
    return _act(work, _("This person does not work for your store any more."), place=f"role-{user_id}")


@requires_in(Permission.STORE_MEMBER_MANAGE, Scope.STORE)
def take_back(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """End an invitation."""

    def work(session: Session, store_id: int) -> None:
        take_back_invitation(
            session, store_id=store_id, invitation_id=invitation_id, actor=current_actor(), now=clock.now()
        )

    return _act(work, _("The invitation is taken back."), place="email")


def _act(work: Callable[[Session, int], None], told: str, *, place: str, leaves: bool = False) -> ResponseReturnValue:
    with reading() as session:
        desk = desk_of(session)
    try:
        atomically(lambda session: work(session, desk.store.id))
    except PortalError as error:
        return _page(error, place)
    flash(told, "success")
    if leaves:
        return leave_for(url_for("shop.home"))
    return done(location=url_for("seller.members", store=desk.store_arg))


def _page(error: PortalError | None = None, place: str = "email") -> ResponseReturnValue:
    with reading() as session:
        desk = desk_of(session)
        rows = list_members(session, store_id=desk.store.id)
        invitations = list_invitations(session, store_id=desk.store.id, now=clock.now())
    page = render_template(
        "seller/members/index.html",
        rows=rows,
        invitations=invitations,
        roles=[(role.value, gettext(word)) for role, word in ROLE_WORDS.items()],
        role_names={role.value: word for role, word in ROLE_WORDS.items()},
        acts=[(words, [permission in STORE_MATRIX[role] for role in StoreRole]) for permission, words in ACTS],
        given=request.form,
        faults={place: say(error)} if error else {},
        me=current_actor().user_id,
        **around(desk, "seller.members"),
    )
    return page, error.status if error else 200
