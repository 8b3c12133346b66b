"""Webhooks for tests: an endpoint that leads to a receiver of the sandbox, and the way of an event to it.

hook = make_hook(sandbox, "orders", store_id=1)
tell(Event("order.paid", ...))      # the event happens, a worker turns it into messages, and they are brought
assert hook.bodies[0]["type"] == "order.paid"
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.webhooks import send_messages
from portal.kit import clock
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.webhooks import WebhookTerms, kinds_for
from portal.services.outbox import Event, emit
from portal.services.webhooks.save_endpoint import Owner, make_endpoint
from tests.sandbox_server import Sandbox


@dataclass(frozen=True)
class Hook:
    """An endpoint, and what its receiver has got."""

    id: uuid.UUID
    secret: str
    sandbox: Sandbox
    name: str

    @property
    def got(self) -> list[dict[str, Any]]:
        """Every message that came, with the receiver's verdict of its signature."""
        return self.sandbox.received(self.name)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [one["body"] for one in self.got if one["verdict"] == "verified"]

    def behave(self, behaviour: str) -> None:
        self.sandbox.receiver(self.name, behaviour=behaviour)

    def send(self) -> None:
        """Bring what is due, as a worker does."""
        send_messages(str(self.id))

    def deliveries(self, *columns: str) -> list[tuple[Any, ...]]:
        """What is kept of the messages, the first event first."""
        query = f"SELECT {', '.join(columns)} FROM webhook_delivery WHERE endpoint_id = :id ORDER BY event_id"  # noqa: S608  # Columns of the test.
        with reading() as session:
            return [tuple(row) for row in session.execute(text(query), {"id": self.id})]

    def wait_out(self) -> None:
        """As if every pause were over."""
        with transaction() as session:
            session.execute(
                text("UPDATE webhook_endpoint SET busy_until = now(), lease = NULL WHERE id = :id"), {"id": self.id}
            )
            session.execute(
                text("UPDATE webhook_delivery SET due_at = now() WHERE endpoint_id = :id AND state = 'waiting'"),
                {"id": self.id},
            )


def make_hook(
    sandbox: Sandbox,
    *,
    kinds: Sequence[str] = (),
    store_id: int | None = None,
    user_id: uuid.UUID | None = None,
    channel_id: int | None = None,
    client_id: uuid.UUID | None = None,
    actor: Actor = SYSTEM,
    behaviour: str = "ok",
) -> Hook:
    """A committed endpoint that listens to these kinds, or to all that it can; its receiver knows its secret."""
    owner = Owner(store_id, user_id, channel_id)
    name = f"r{uuid.uuid4().hex}"
    terms = WebhookTerms("Tests", f"{sandbox.url}/receiver/{name}", tuple(kinds) or kinds_for(owner.reach))
    with transaction() as session:
        made = make_endpoint(session, owner=owner, terms=terms, client_id=client_id, actor=actor, now=clock.now())
    sandbox.receiver(name, secrets=[made.secret], behaviour=behaviour)
    return Hook(made.id, made.secret, sandbox, name)


def happen(*events: Event) -> list[int]:
    """Let events be committed, and a worker handle all that waits; their ids."""
    with transaction() as session:
        emit(session, *events, now=clock.now())
    return handle_waiting()


def handle_waiting() -> list[int]:
    """What a worker does with the outbox."""
    with reading() as session:
        waiting = session.scalars(text("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")).all()
    handle_events(list(waiting))
    return list(waiting)
