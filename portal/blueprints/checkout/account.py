"""Becoming known within the checkout: a new profile or an old one, without leaving the page (IDN-07)."""

from __future__ import annotations

import uuid

from flask_babel import gettext
from sqlalchemy.orm import Session

from portal.blueprints.account.entry import enter, network_address, note_invitation, remember, score_entry
from portal.blueprints.checkout.forms import SIGN_IN, Typed
from portal.blueprints.identity import current_channel, current_locale
from portal.crypto import email_index
from portal.db import atomically
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.accounts.passwords import check_password
from portal.services.accounts.sign_in import sign_in
from portal.services.accounts.sign_up import check_name, sign_up
from portal.services.accounts.throttle import SIGN_IN as SIGN_IN_LIMIT
from portal.services.accounts.throttle import SIGN_UP as SIGN_UP_LIMIT
from portal.services.accounts.throttle import throttle

# Where the services' names of fields are found in the checkout.
NEW_FIELDS = {"name": "account_name", "email": "account_email", "password": "account_password"}
KNOWN_FIELDS = {"email": "known_email", "password": "known_password"}

EMPTY = {
    "account_name": N_("Enter your name."),
    "account_email": N_("Enter your e-mail address."),
    "account_password": N_("Choose a password."),
    "known_email": N_("Enter your e-mail address."),
    "email": N_("Enter your e-mail address."),
    "known_password": N_("Enter your password."),
}


def read_email(typed: Typed, name: str) -> str | None:
    """The e-mail of a field in its kept form. None when it cannot be taken; the reason then stands at the field."""
    written = (typed.form[name].data or "").strip()
    try:
        if written:
            return normalise_email(written)
        typed.refuse(name, EMPTY[name], f"{name}_missing")
    except EmailUnfitError as fault:
        typed.refuse(name, fault, fault.code)
    return None


def fits(typed: Typed) -> bool:
    """Whether a newcomer's three fields may become a profile, as far as can be told without the others' profiles."""
    read_email(typed, "account_email")
    for name, check in (("account_name", check_name), ("account_password", check_password)):
        try:
            if typed.form[name].data:
                check(typed.form[name].data)
            else:
                typed.refuse(name, EMPTY[name], f"{name}_missing")
        except PortalError as fault:
            typed.refuse(name, fault, fault.code)
    return not any(typed.form.fault(name) for name in NEW_FIELDS.values())


def come_in(typed: Typed, *, mode: str) -> bool:
    """Sign up or in with what was typed. False when it cannot be; the reasons then stand at the fields."""
    fields = KNOWN_FIELDS if mode == SIGN_IN else NEW_FIELDS
    missing = [name for name in fields.values() if not typed.form[name].data]
    for name in missing:
        typed.refuse(name, EMPTY[name], f"{name}_missing")
    if missing:
        return False
    email = typed.form[fields["email"]].data
    try:
        return _recognise(typed, email) if mode == SIGN_IN else _open_profile(typed, email)
    except PortalError as error:
        name = fields.get(getattr(error, "field", ""), fields["email"])
        typed.refuse(name, error, error.code)
        return False


def _recognise(typed: Typed, email: str) -> bool:
    now = clock.now()
    attempt = throttle.count(SIGN_IN_LIMIT, account=email_index(email), address=network_address(), now=now)

    def work(session: Session) -> str | Rejection:
        answer = sign_in(session, email=email, password=typed.form.known_password.data, now=now)
        if isinstance(answer, uuid.UUID) and (refusal := score_entry(session, user_id=answer, now=now)):
            return refusal
        return enter(session, user_id=answer, now=now) if isinstance(answer, uuid.UUID) else answer

    token = atomically(work)
    if isinstance(token, Rejection):
        typed.refuse("known_email", token, token.code)
        return False
    throttle.take_back(attempt)
    remember(token)
    return True


def _open_profile(typed: Typed, email: str) -> bool:
    now, locale = clock.now(), current_locale()
    throttle.count(SIGN_UP_LIMIT, account=email_index(email), address=network_address(), now=now)

    def work(session: Session) -> str:
        user_id = sign_up(
            session,
            email=email,
            password=typed.form.account_password.data,
            name=typed.form.account_name.data,
            locale=locale,
            channel_id=current_channel().id,
            now=now,
        )
        note_invitation(session, user_id=user_id, now=now)
        return enter(session, user_id=user_id, now=now)

    remember(atomically(work))
    typed.form.email.data = email
    return True


def greeting(name: str | None) -> str:
    return str(gettext("You are signed in as %(name)s. Look at the amounts once more, then pay.", name=name or ""))
