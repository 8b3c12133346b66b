"""How many units of a variant a channel may sell, as every statement that asks it says it (CHN-03)."""

from __future__ import annotations


def sellable(stock: str, channel: str) -> str:
    """Units that the channel may sell of the stock of this alias, as SQL; below zero when more is kept than is there.

    Others' units that are set aside are none of its own, nor are those that it leaves on the shelf. `channel` is an
    expression; where it is null nothing that is set aside counts.
    """
    free = f"{stock}.on_hand - {stock}.reserved - {stock}.safety"
    which = f"CASE WHEN e.key = CAST(CAST({channel} AS bigint) AS text) THEN 'floor' ELSE 'kept' END"
    others = f"SELECT coalesce(sum((e.value ->> {which})::integer), 0)::integer FROM jsonb_each({stock}.set_aside) e"  # noqa: S608  # Our own words.
    return f"(CASE WHEN {stock}.set_aside IS NULL THEN {free} ELSE {free} - ({others}) END)"
