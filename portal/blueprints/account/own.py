"""Whose pages these are."""

from __future__ import annotations

import uuid

from portal.blueprints.identity import current_actor


def own_id() -> uuid.UUID:
    """The person who asks; the view is behind @requires_sign_in."""
    user_id = current_actor().user_id
    assert user_id is not None  # See above: anything else is a mistake of ours.
    return user_id
