"""The address book of a person: a few delivery addresses, one of which stands first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Address, User
from portal.rules.addresses import AddressBody, read_address

ADDRESSES_MAX = 20


class AddressMissingError(PortalError):
    """There is no such address, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class AddressBookFullError(PortalError):
    code = "address_book_full"
    sentence = N_("You can keep %(maximum)s addresses. Remove one first.")


def save_address(
    session: Session,
    *,
    user_id: uuid.UUID,
    fields: Mapping[str, str | None],
    now: datetime,
    address_id: uuid.UUID | None = None,
    make_default: bool = False,
) -> uuid.UUID:
    """Keep a new address, or change the one named. The first becomes the default. Returns its id.

    Raises AddressUnfitError, AddressMissingError and AddressBookFullError.
    """
    body = read_address(fields)
    # One at a time per person: there is one default and a limit.
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    count, has_default = session.execute(
        select(func.count(), func.coalesce(func.bool_or(Address.is_default), False)).where(Address.user_id == user_id)
    ).one()
    is_default = make_default or not has_default
    if address_id is None and count >= ADDRESSES_MAX:
        raise AddressBookFullError(maximum=ADDRESSES_MAX)
    if is_default and has_default:
        session.execute(update(Address).where(Address.user_id == user_id, Address.is_default).values(is_default=False))
    if address_id is None:
        return _add(session, user_id, body, is_default=is_default, now=now)
    values: dict[str, object] = {"body": _packed(body), "country": body.country}
    if is_default:
        values["is_default"] = True
    changed = session.execute(
        update(Address).where(Address.id == address_id, Address.user_id == user_id).values(values).returning(Address.id)
    ).first()
    if changed is None:
        raise AddressMissingError
    return address_id


def remove_address(session: Session, *, user_id: uuid.UUID, address_id: uuid.UUID) -> None:
    """Forget an address; if it was the default, the newest other one takes its place. Raises AddressMissingError."""
    session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    was_default = session.execute(
        delete(Address)
        .where(Address.id == address_id, Address.user_id == user_id)
        .returning(Address.is_default)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if was_default is None:
        raise AddressMissingError
    if was_default:
        newest = select(Address.id).where(Address.user_id == user_id).order_by(Address.id.desc()).limit(1)
        session.execute(
            update(Address)
            .where(Address.id == newest.scalar_subquery())
            .values(is_default=True)
            .execution_options(synchronize_session=False)
        )


def _add(session: Session, user_id: uuid.UUID, body: AddressBody, *, is_default: bool, now: datetime) -> uuid.UUID:
    address = Address(
        id=new_id(),
        user_id=user_id,
        body=_packed(body),
        country=body.country,
        is_default=is_default,
        created_at=now,
    )
    session.add(address)
    session.flush()
    return address.id


def _packed(body: AddressBody) -> str:
    return json.dumps(body.as_dict(), ensure_ascii=False, separators=(",", ":"))
