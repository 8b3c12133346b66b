"""The register of what is known of people is whole."""

from __future__ import annotations

import pytest

from portal.crypto import EncryptedText
from portal.db import Base
from portal.queries.personal_data import ABOUT_OTHERS, PERSONAL


@pytest.mark.req("IDN-06")
def test_every_table_that_knows_people_is_in_the_register() -> None:
    known = {table.name for table in PERSONAL} | set(ABOUT_OTHERS)
    missing = [
        table.name
        for table in Base.metadata.sorted_tables
        if table.name not in known
        and (
            any(isinstance(column.type, EncryptedText) for column in table.columns)
            or any(key.column.table.name == "user_account" for key in table.foreign_keys)
        )
    ]
    assert missing == []
    # And what is encrypted of a person is erased or goes with its row.
    kept = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText)
        and table.name not in {*ABOUT_OTHERS, "user_account", "document"}
        and not any(one.name == table.name and (one.delete or column.name in one.erase) for one in PERSONAL)
    ]
    # The code of a gift card is worth money to whoever holds it, and says nothing of anybody.
    assert kept == ["gift_card.code"]
