"""Buyers of an imported history: profiles that nobody can sign in to."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Address, User
from portal.rules.addresses import FIELDS
from portal.services.accounts.emails import normalise_email

# RFC 2606: nothing under .invalid can ever be reached, so no mail of ours goes astray.
DOMAIN = "customers.invalid"
_LOCAL_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class BuyerDraft:
    """A person of the history. `ref` is what the history calls him; `place` holds what is known of his address."""

    ref: str
    placed_at: datetime
    email: str | None = None
    name: str | None = None
    place: Mapping[str, str] | None = None


def import_buyer(session: Session, *, draft: BuyerDraft) -> uuid.UUID:
    """Find or make one buyer. See import_buyers()."""
    return import_buyers(session, drafts=[draft])[draft.ref]


def import_buyers(session: Session, *, drafts: Sequence[BuyerDraft]) -> dict[str, uuid.UUID]:
    """Ids of buyers by ref, made where they are not there, without a password and without a mail to anybody.

    Who is known by his e-mail keeps the profile that he has. Raises EmailUnfitError.
    """
    by_address = {address_of(draft): draft for draft in reversed(drafts)}
    indexes = {address: email_index(address) for address in by_address}
    found = _find(session, indexes)
    missing = {address: draft for address, draft in by_address.items() if address not in found}
    if missing:
        ids = {address: new_id() for address in missing}
        rows = [_user_row(ids[address], address, indexes[address], draft) for address, draft in missing.items()]
        statement = insert(User).on_conflict_do_nothing(index_elements=["email_index"]).returning(User.id)
        made = set(session.connection().execute(statement, rows).scalars())
        placed = [(ids[address], draft) for address, draft in missing.items() if draft.place and ids[address] in made]
        insert_rows(session, Address, [_address_row(user_id, draft) for user_id, draft in placed])
        found |= _find(session, {address: indexes[address] for address in missing})
    return {draft.ref: found[address_of(draft)] for draft in drafts}


def address_of(draft: BuyerDraft) -> str:
    """His e-mail: the one that is known, or one of a reserved domain that stands for his name in the history."""
    if draft.email:
        return normalise_email(draft.email)
    local = draft.ref if _LOCAL_PART.fullmatch(draft.ref) else hashlib.sha256(draft.ref.encode()).hexdigest()[:32]
    return f"{local.lower()}@{DOMAIN}"


def whereabouts(name: str, place: Mapping[str, str] | None) -> dict[str, str]:
    """An address in the form that orders keep, as far as it is known."""
    return dict.fromkeys(FIELDS, "") | dict(place or {}) | {"name": name}


def name_of(draft: BuyerDraft) -> str:
    return draft.name or f"Customer {draft.ref[:6].upper()}"


def _find(session: Session, indexes: Mapping[str, bytes]) -> dict[str, uuid.UUID]:
    rows = session.execute(select(User.email_index, User.id).where(User.email_index.in_(indexes.values())))
    known = {bytes(row.email_index): row.id for row in rows}
    return {address: known[index] for address, index in indexes.items() if index in known}


def _user_row(user_id: uuid.UUID, address: str, index: bytes, draft: BuyerDraft) -> dict[str, object]:
    return {
        "id": user_id,
        "email": address,
        "email_index": index,
        "name": name_of(draft),
        "created_at": draft.placed_at,
    }


def _address_row(user_id: uuid.UUID, draft: BuyerDraft) -> dict[str, object]:
    body = whereabouts(name_of(draft), draft.place)
    return {
        "id": new_id(),
        "user_id": user_id,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        "country": body["country"],
        "is_default": True,
        "created_at": draft.placed_at,
    }
