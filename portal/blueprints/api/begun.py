"""The answer to a payment that was begun by the API, whatever it is for."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import request
from pydantic import BaseModel

from portal.blueprints.api.operations import Reply
from portal.jobs.queue import enqueue_charge
from portal.services.checkout.begin_payment import Begun


def reply_of(begun: Begun, *, show: Callable[[uuid.UUID], BaseModel], folder: str) -> Reply:
    """Let the gateway be asked, and say where the payment of `begun` stands: at `folder`/ID under /api/v1."""
    shown = show(begun.payment_id).model_dump_json().encode()
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    headers = {"Location": f"{request.script_root}/api/v1/{folder}/{begun.payment_id}"}
    if begun.is_repeat:
        headers["Idempotent-Replayed"] = "true"
    return Reply(shown, 201, headers)
