"""Addresses as programs keep them."""

from __future__ import annotations

import uuid

from pydantic import Field

from portal.blueprints.api.schemas import Out
from portal.blueprints.api.v1.orders.schemas import Address


class AddressChange(Address):
    """An address as it is wanted, of whatever country: shops deliver in their own only."""

    make_default: bool = Field(default=False, description="It is offered first from now on.")


class SavedAddress(Out):
    """An address in the one form in which carriers get it."""

    id: uuid.UUID
    is_default: bool
    name: str
    phone: str
    postcode: str
    line1: str
    line2: str
    city: str
    region: str
    country: str


class AddressBook(Out):
    """All of a person's addresses; there are at most 20."""

    items: list[SavedAddress]
