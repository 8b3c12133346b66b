"""What payments begun by programs share."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.schemas import PRINTABLE, In
from portal.blueprints.api.v1.orders.render import next_step
from portal.blueprints.api.v1.orders.schemas import NextAction, Url
from portal.db import reading
from portal.jobs.queue import enqueue_charge
from portal.queries.paying import load_paying
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.means import Means
from portal.site import address


class PaymentChoice(In):
    """How something that is no order is paid."""

    method: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)] = Field(
        description="A way of paying; for what one owes also `deposit`.", examples=["bank_transfer"]
    )
    source_token: Annotated[str, StringConstraints(min_length=1, max_length=8_000, pattern=PRINTABLE)] | None = Field(
        default=None, description="What the provider's own fields made of the card (flow `element`)."
    )
    saved_method_id: uuid.UUID | None = Field(
        default=None, description="One of the cards on file, instead of a `source_token`; `method` is that of a card."
    )
    return_url: Url | None = Field(
        default=None, description="Where the provider sends the buyer afterwards. Left out: the payment's page."
    )
    locale: Literal["en", "ko"] | None = None

    @property
    def means(self) -> Means:
        return Means(self.method, self.source_token, saved_method_id=self.saved_method_id)


def return_url(given: str | None, *, channel: str) -> str:
    """Where the provider sends the buyer. The service fills in the payment's id, so a client's braces are escaped."""
    if given is not None:
        return given.replace("{", quote("{")).replace("}", quote("}"))
    return address("/account/paying/{payment_id}/return", channel=channel)


def go_on(begun: Begun | None) -> NextAction:
    """Let a payment that was begun be charged, and say how it goes on; None is paid at once."""
    if begun is None:
        return NextAction(type="none")
    actor = api_actor()
    assert actor.user_id is not None  # A key is a person's.
    with reading() as session:
        paying = load_paying(session, user_id=actor.user_id, payment_id=begun.payment_id)
    assert paying is not None, "it was begun by this person"
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    return next_step(paying.attempt, is_open=paying.is_open)
