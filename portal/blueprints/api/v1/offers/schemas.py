"""The offer that is chosen for somebody, as programs show it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import In, Instant, Out, Texts


class OfferQuery(In):
    """Where it is shown."""

    place: Literal["home", "cart"] = Field(default="home", description="On a first page, or beside the cart.")


class PersonalOffer(Out):
    """An offer for this person alone."""

    id: int
    name: Texts
    until: Instant
    because: list[str] = Field(description="Sentences that say why, in the language asked for. Show them with it.")


class OfferAnswer(Out):
    """The offer of this moment."""

    offer: PersonalOffer | None = Field(
        description="Null for who does not allow offers that are chosen for him, and where none fits."
    )
