"""What the tests of both desks need: a browser that is signed in, and counting of statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.blueprints.identity import TOKEN_KEY
from portal.db import database
from portal.queries.channels import channel_directory, forget_channels
from tests.factories.account import Person, make_session


def browser(app: APIFlask, person: Person | None = None) -> FlaskClient:
    """A browser in which the person is signed in; without one, a visitor's."""
    client: FlaskClient = app.test_client()
    if person is not None:
        with client.session_transaction() as kept:
            kept[TOKEN_KEY] = make_session(person)[0]
    return client


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a form, as a browser would send them."""
    pairs = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    found = {}
    for field in pairs:
        name = re.search(r'name="([^"]+)"', field)
        value = re.search(r'value="([^"]*)"', field)
        if name:
            found[name.group(1)] = value.group(1) if value else ""
    return found


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements sent within the block; channels are kept meanwhile, however slow the machine is."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.queries.channels.KEPT_FOR_S", 600.0)
        forget_channels()
        channel_directory()
        event.listen(database.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
    forget_channels()
