"""Somebody in front of the button of a top-up."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from portal.db import atomically
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.ids import new_token
from portal.queries.channels import ChannelView
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.means import Means
from portal.services.top_ups.begin_top_up import Blocked, TopUpWish, begin_top_up
from tests.factories.account import Person
from tests.factories.refund import rows


def ready_to_top_up(
    person: Person,
    channel: ChannelView,
    amount_minor: int,
    *,
    method: str | None = "virtual_account",
    token: str | None = None,
    saved_method_id: uuid.UUID | None = None,
    owner: Person | None = None,
    key: str | None = None,
    ip: str | None = None,
) -> Callable[[], Begun | Blocked]:
    """What is returned presses the button, in a transaction of its own."""
    wish = TopUpWish(
        key=key or new_token(),
        amount_minor=amount_minor,
        means=Means(method, token, None, saved_method_id),
        locale="en",
        return_url="http://127.0.0.1/account/paying/{payment_id}/return",
        ip=ip,
    )
    return lambda: atomically(
        lambda session: begin_top_up(
            session,
            actor=person.actor,
            owner_id=(owner or person).id,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=24),
            now=clock.now(),
        )
    )


def begun(pressed: Begun | Blocked) -> Begun:
    assert isinstance(pressed, Begun)
    return pressed


def work_off_events() -> None:
    """What the relay does."""
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])


def deposit_of(person: Person) -> int:
    """The deposit in the channel's currency, in minor units."""
    found = rows(
        "SELECT coalesce(sum(balance_minor), 0)::bigint FROM ledger_account WHERE kind = 'deposit' AND owner = :owner",
        owner=f"user:{person.id}",
    )
    return int(found[0][0])
