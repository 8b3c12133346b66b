"""The filter of a program as the list's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.blueprints.api.problems import RequestInvalidError, fault
from portal.blueprints.api.v1.exports.schemas import ExportFilter
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.listings import LISTINGS

UNFIT = N_("There is no such field for this list.")
UNKNOWN = N_("There is no such channel.")
NO_ZONE = N_("Say the offset of this instant, such as Z.")

_FROM_TO = {"since": "created_from", "until": "created_until"}
_RAISED = {"since": "raised_from", "until": "raised_until"}
_CLAIMED = {"since": "claimed_from", "until": "claimed_until"}
# What a field is called in a list's filter, where that is not the same. Lists know no other fields than they have.
_NAMES: Mapping[str, Mapping[str, str]] = {
    "payments": _FROM_TO,
    "coupons": {"status": "state"},
    "redemptions": _CLAIMED,
    "coupon-abuse": {"status": "state", **_RAISED},
    "mileage-ending": {"until": "ends_until"},
}


def filter_of(listing: str, asked: ExportFilter, *, now: datetime) -> Any:
    """The filter of this list. Raises RequestInvalidError for fields that it does not know."""
    kind = LISTINGS[listing].filter
    known = {one.name for one in dataclasses.fields(kind)}
    values: dict[str, Any] = {"now": now} if "now" in known else {}
    errors = []
    for field, value in asked:
        if value is None:
            continue
        name = "channel_id" if field == "channel" else _NAMES.get(listing, {}).get(field, field)
        if name not in known:
            errors.append(fault(f"filter.{field}", "field_unknown", UNFIT))
        elif isinstance(value, datetime) and value.tzinfo is None:
            errors.append(fault(f"filter.{field}", "value_invalid", NO_ZONE))
        elif field == "channel" and value not in channel_directory().codes:
            errors.append(fault("filter.channel", "not_one_of", UNKNOWN))
        elif field == "channel":
            values[name] = channel_directory()[value].id
        else:
            values[name] = value.astimezone(UTC) if isinstance(value, datetime) else value
    if errors:
        raise RequestInvalidError(errors)
    return kind(**values)
