"""How often the one who asks may do the same thing: counted for him, his device and his network (FRD-05)."""

from __future__ import annotations

import uuid

from flask import Response, g

from portal.blueprints.account.entry import network_address
from portal.blueprints.identity import current_identity
from portal.kit import clock
from portal.services.accounts.throttle import Attempt, Rule, TooOftenError, throttle
from portal.services.coupons.note_act import Source, source_at


def count_act(rule: Rule, *, mark: str | None = None) -> Attempt:
    """Count an act of this request's person. Raises TooOftenError, which pages answer with 429 and Retry-After.

    Acts with the same `mark` count once. `throttle.take_back` forgets the act where it turned out to be none.
    """
    identity = current_identity()
    account = identity.user_id or identity.session_id if identity is not None else None
    try:
        return throttle.count(
            rule,
            account=account.bytes if account is not None else None,
            device=identity.device_id if identity is not None else None,
            address=network_address(),
            now=clock.now(),
            mark=mark,
        )
    except TooOftenError as error:
        # A page that shows its form again with the refusal says it in its answer, too.
        g.retry_after_s = error.retry_after_s
        raise


def show_wait(answer: Response) -> Response:
    """Tell with every answer of 429 when the next act is taken."""
    wait_s: int | None = g.get("retry_after_s")
    if answer.status_code == TooOftenError.status and wait_s is not None:
        answer.headers.setdefault("Retry-After", str(wait_s))
    return answer


def act_of(user_id: uuid.UUID, rule: Rule, *, mark: str | None = None) -> Attempt:
    """Count an act of a person for whom a program asks. Raises TooOftenError."""
    return throttle.count(rule, account=user_id.bytes, address=None, now=clock.now(), mark=mark)


def request_source() -> Source:
    """Where this request comes from, as acts with coupons are noted."""
    identity = current_identity()
    return source_at(device_id=identity.device_id if identity else None, address=network_address())
