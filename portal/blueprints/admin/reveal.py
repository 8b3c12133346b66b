"""Showing what is masked: a POST records the look and hands out a mark, with which the page shows it for a while (A15).

The mark stands in the address, so that paging and reload keep it; it is good for one session and one thing only.
"""

from __future__ import annotations

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.blueprints.identity import current_identity

SHOWN_FOR_S = 600
ARGUMENT = "shown"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="portal.reveal")


def _subject(what: str) -> list[str]:
    identity = current_identity()
    return [identity.session_id.hex if identity else "", what]


def reveal_mark(what: str) -> str:
    """The mark that shows `what` (such as `balance:ID`) to this session from now on."""
    marked = _signer().dumps(_subject(what))
    return marked if isinstance(marked, str) else marked.decode()


def is_revealed(what: str) -> bool:
    """Whether the address carries a mark for this, made for this session and not too long ago."""
    for mark in request.args.getlist(ARGUMENT):
        try:
            if _signer().loads(mark, max_age=SHOWN_FOR_S) == _subject(what):
                return True
        except BadSignature:
            continue
    return False
