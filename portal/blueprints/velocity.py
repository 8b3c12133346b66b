"""How often the one who asks may do the same thing: counted for him, his device and his network (FRD-05)."""

from __future__ import annotations

from portal.blueprints.account.entry import network_address
from portal.blueprints.identity import current_identity
from portal.kit import clock
from portal.services.accounts.throttle import Attempt, Rule, throttle


def count_act(rule: Rule) -> Attempt:
    """Count an act of this request's person. Raises TooOftenError, which pages answer with 429 and Retry-After.

    `throttle.take_back` forgets the act where it turned out to be none.
    """
    identity = current_identity()
    account = identity.user_id or identity.session_id if identity is not None else None
    return throttle.count(
        rule,
        account=account.bytes if account is not None else None,
        device=identity.device_id if identity is not None else None,
        address=network_address(),
        now=clock.now(),
    )
