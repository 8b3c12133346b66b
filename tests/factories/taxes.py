"""Rates of tax for tests: set an hour ago, so that they hold by now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from portal.db import atomically
from portal.kit import clock
from portal.queries.channels import channel_directory, forget_channels
from portal.services.channels.write_tax_rate import set_tax_rate
from tests.factories.account import Person
from tests.factories.cart import Mall


def give_tax_rate(
    mall: Mall, by: Person, percent: str, *, section_id: int | None = None, channel: str = "us", inclusive: bool = False
) -> Mall:
    """The mall with this rate in force."""
    then, channel_id = clock.now() - timedelta(hours=1), mall.us.id if channel == "us" else mall.kr.id
    atomically(
        lambda session: set_tax_rate(
            session,
            channel_id=channel_id,
            section_id=section_id,
            percent=Decimal(percent),
            inclusive=inclusive,
            valid_from=None,
            note="",
            actor=by.actor,
            now=then,
        )
    )
    forget_channels()
    channels = channel_directory()
    return replace(mall, kr=channels["kr"], us=channels["us"])
