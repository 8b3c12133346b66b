"""Cards on file of the key's person, through the services that the pages use (PAY-14).

A card is kept in the provider's own fields, in the buyer's browser: on the page of cards, or with a payment.
"""

from __future__ import annotations

import uuid

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.v1.methods import examples
from portal.blueprints.api.v1.methods.schemas import SavedMethod, SavedMethods
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.saved_methods import SavedMethodView, list_saved_methods
from portal.rules.permissions import Permission
from portal.services.methods.change_methods import MethodUnknownError, make_default, remove_method

TAG = "Cards"
ID = PathValue("The card's id.", {"type": "string", "format": "uuid"}, examples.ID)


@operation(
    "GET",
    "/methods",
    tag=TAG,
    summary="List the cards on file",
    description="An order is paid with one of them by naming it as `saved_method_id`, with the method of a card.",
    permission=Permission.METHOD_MANAGE,
    answer=SavedMethods,
    example=examples.METHODS,
)
def list_methods() -> SavedMethods:
    return _list()


@operation(
    "PUT",
    "/methods/<uuid:method_id>/preference",
    tag=TAG,
    summary="Offer a card first",
    description="At every checkout of the person. It may be sent again.",
    permission=Permission.METHOD_MANAGE,
    answer=SavedMethods,
    example=examples.METHODS,
    path_values={"method_id": ID},
    refusals=(MethodUnknownError,),
)
def prefer_method(method_id: uuid.UUID) -> SavedMethods:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: make_default(s, method_id=method_id, actor=actor, now=now))
    return _list()


@operation(
    "DELETE",
    "/methods/<uuid:method_id>",
    tag=TAG,
    summary="Remove a card",
    description="Nobody can pay with it from now on; the provider forgets it, too.",
    permission=Permission.METHOD_MANAGE,
    answer=None,
    status=204,
    answer_text="The card is removed.",
    path_values={"method_id": ID},
    refusals=(MethodUnknownError,),
)
def forget_method(method_id: uuid.UUID) -> None:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: remove_method(s, method_id=method_id, actor=actor, now=now))


def _list() -> SavedMethods:
    user_id = api_actor().user_id
    assert user_id is not None
    with reading() as session:
        return SavedMethods(items=[as_method(one) for one in list_saved_methods(session, user_id=user_id)])


def as_method(method: SavedMethodView) -> SavedMethod:
    return SavedMethod(
        id=method.id,
        brand=method.brand,
        last4=method.last4,
        expiry=method.expiry,
        is_expired=method.is_expired(clock.now().date()),
        is_default=method.is_default,
        created_at=method.created_at,
    )
