"""The address book of the key's person (B06)."""

from __future__ import annotations

import uuid

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.v1.addresses import examples
from portal.blueprints.api.v1.addresses.schemas import AddressBook, AddressChange, SavedAddress
from portal.blueprints.identity import current_channel
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.accounts import AddressView, list_addresses, load_address
from portal.rules.addresses import AddressUnfitError
from portal.rules.permissions import Permission
from portal.services.accounts.save_address import (
    ADDRESSES_MAX,
    AddressBookFullError,
    AddressMissingError,
    remove_address,
    save_address,
)

TAG = "Addresses"
PATH = {"address_id": PathValue("The address's id.", {"type": "string", "format": "uuid"}, examples.ID)}


@operation(
    "GET",
    "/addresses",
    tag=TAG,
    summary="List saved addresses",
    description="The default one first, then the newest. An order takes one as its `address`.",
    permission=Permission.ORDER_EDIT,
    answer=AddressBook,
    example=examples.BOOK,
)
def list_saved_addresses() -> AddressBook:
    with reading() as session:
        return AddressBook(items=[_shown(one) for one in list_addresses(session, user_id=_user())])


@operation(
    "POST",
    "/addresses",
    tag=TAG,
    summary="Save an address",
    description="The first one becomes the default.",
    permission=Permission.ORDER_EDIT,
    body=AddressChange,
    body_example=examples.CHANGE,
    answer=SavedAddress,
    status=201,
    answer_text="The address as it is kept.",
    example=examples.ADDRESS,
    refusals=(AddressUnfitError, AddressBookFullError(maximum=ADDRESSES_MAX)),
)
def add_address(body: AddressChange) -> Reply:
    return Reply(_save(body, None), 201)


@operation(
    "PUT",
    "/addresses/<uuid:address_id>",
    tag=TAG,
    summary="Change a saved address",
    description="All of it. Orders that were placed go where they went.",
    permission=Permission.ORDER_EDIT,
    body=AddressChange,
    body_example=examples.CHANGE,
    answer=SavedAddress,
    example=examples.ADDRESS,
    path_values=PATH,
    refusals=(AddressUnfitError, AddressMissingError),
)
def change_saved_address(address_id: uuid.UUID, body: AddressChange) -> SavedAddress:
    return _save(body, address_id)


@operation(
    "DELETE",
    "/addresses/<uuid:address_id>",
    tag=TAG,
    summary="Remove a saved address",
    permission=Permission.ORDER_EDIT,
    answer=None,
    status=204,
    answer_text="It is gone.",
    path_values=PATH,
    refusals=(AddressMissingError,),
)
def remove_saved_address(address_id: uuid.UUID) -> Reply:
    user_id = _user()
    atomically(lambda s: remove_address(s, user_id=user_id, address_id=address_id))
    return Reply(None, 204)


def _save(body: AddressChange, address_id: uuid.UUID | None) -> SavedAddress:
    user_id, now = _user(), clock.now()
    fields = body.model_dump(exclude={"make_default"}) | {"country": body.country or current_channel().country}
    kept = atomically(
        lambda s: save_address(
            s, user_id=user_id, fields=fields, now=now, address_id=address_id, make_default=body.make_default
        )
    )
    with reading() as session:
        found = load_address(session, user_id=user_id, address_id=kept)
    if found is None:
        raise AddressMissingError  # Somebody has removed it at once.
    return _shown(found)


def _shown(one: AddressView) -> SavedAddress:
    return SavedAddress(id=one.id, is_default=one.is_default, **one.body.as_dict())


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    return user_id
