"""Stripe: the parts of its API that a shop uses, with state."""

from functools import partial

from sandbox.http import Router
from sandbox.stripe import api, disputes, element, refunds
from sandbox.stripe.api import unknown_path
from sandbox.stripe.pipeline import facts, handle
from sandbox.world import World


def add_routes(router: Router) -> None:
    """The API, and the pages and scripts of the element."""
    api.add_routes(router)
    element.add_routes(router)


def resume(world: World) -> None:
    """After a restart: let the refunds and disputes go on that were waiting for their bank."""
    for refund in list(world.store.tables.get("refunds", {}).values()):
        if "_then" in refund:
            world.later(world.config.settle_delay_ms, partial(refunds.settle, world, refund))
    for dispute in list(world.store.tables.get("disputes", {}).values()):
        if "_then" in dispute:
            world.later(world.config.settle_delay_ms, partial(disputes.decide_as_told, world, dispute))


__all__ = ["add_routes", "facts", "handle", "resume", "unknown_path"]
