"""Retrieving, listing, searching and expanding, the same for every kind of object."""

import re
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.http import Json
from sandbox.stripe.errors import ApiError, missing
from sandbox.stripe.objects import clean
from sandbox.world import World

TABLES = {
    "pi": "payment_intents", "ch": "charges", "re": "refunds", "pm": "payment_methods", "cus": "customers",
    "seti": "setup_intents", "ctoken": "confirmation_tokens", "evt": "events", "txn": "balance_transactions",
    "dp": "disputes", "we": "webhook_endpoints", "po": "payouts",
}  # fmt: skip
_LIMIT = 10
_LIMIT_MAX = 100
_CLAUSE = re.compile(
    r"""\s*(?:metadata\[['"](?P<meta>[^'"]+)['"]\]|(?P<field>\w+)):['"](?P<value>(?:\\.|[^'"\\])*)['"]"""
)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)


def need(world: World, table: str, key: object, param: str = "id", status: int = 404) -> Json:
    """The object itself. Raises ApiError."""
    found = world.store.get(table, key)
    if found is None:
        raise missing(table.rstrip("s"), key, param, status)
    return found


def show(world: World, thing: Json, expand: Any = ()) -> Json:
    """The object as it is answered."""
    shown: Json = clean(thing)
    for path in expand if isinstance(expand, list) else ():
        _expand(world, shown, str(path).split("."))
    return shown


def _expand(world: World, spot: Any, path: list[str]) -> None:
    if isinstance(spot, list):
        for each in spot:
            _expand(world, each, path)
        return
    name, rest = path[0], path[1:]
    if not isinstance(spot, dict) or name not in spot:
        raise ApiError(f"This property cannot be expanded ({name}).", param="expand", kept=False)
    value = spot[name]
    if isinstance(value, str):
        table = TABLES.get(value.split("_", 1)[0], "")
        found = world.store.get(table, value)
        spot[name] = clean(found) if found else value
    if rest and spot[name] is not None:
        _expand(world, spot[name], rest)


def page(world: World, table: str, form: Json, filters: tuple[str, ...], url: str) -> Json:
    """One page of a list, the newest first (docs.stripe.com/api/pagination)."""
    found = _wanted(world.store.newest(table), form, filters)
    limit = _limit(form)
    after = form.get("starting_after")
    if after is not None:
        need(world, table, after, "starting_after", 400)
        found = _after(found, after)
    rows = list(islice(found, limit + 1))
    shown = [clean(each) for each in rows[:limit]]
    answer = {"object": "list", "url": url, "has_more": len(rows) > limit, "data": shown}
    for path in form.get("expand") or ():
        _expand(world, answer, str(path).split("."))
    return answer


def _limit(form: Json) -> int:
    limit = int(form.get("limit", _LIMIT))
    if not 1 <= limit <= _LIMIT_MAX:
        raise ApiError("limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit", kept=False)
    return limit


def _after(rows: Iterator[Json], after: str) -> Iterator[Json]:
    for each in rows:
        if each["id"] == after:
            break
    return rows


def _wanted(rows: Iterator[Json], form: Json, filters: tuple[str, ...]) -> Iterator[Json]:
    conditions = [(name, form[name]) for name in filters if name in form]
    created = form.get("created")
    bounds = created if isinstance(created, dict) else ({"gte": created, "lte": created} if created else {})
    low = max(int(bounds.get("gte", 0)), int(bounds.get("gt", -1)) + 1)
    high = min(int(bounds.get("lte", 2**40)), int(bounds.get("lt", 2**40)) - 1)
    for each in rows:
        if low <= each.get("created", 0) <= high and all(each.get(name) == value for name, value in conditions):
            yield each


def search(world: World, table: str, form: Json, url: str) -> Json:
    """docs.stripe.com/search: clauses of metadata and fields joined by AND. It lags if it was told to."""
    clauses = [_CLAUSE.fullmatch(part) for part in _AND.split(str(form.get("query", "")))]
    if not all(clauses):
        raise ApiError("We were unable to parse your search query.", param="query", kept=False)
    limit, newest = _limit(form), time.time() - world.faults.search_lag_ms / 1000
    found = _candidates(world, table, [clause for clause in clauses if clause])
    rows = [each for each in found if not world.faults.search_lag_ms or each["created"] < newest]
    answer = {
        "object": "search_result",
        "url": url,
        "has_more": len(rows) > limit,
        "next_page": None,
        "data": [clean(each) for each in rows[:limit]],
    }
    for path in form.get("expand") or ():
        _expand(world, answer, str(path).split("."))
    return answer


def _candidates(world: World, table: str, clauses: list[re.Match[str]]) -> Iterator[Json]:
    wanted = [(clause["meta"], clause["field"], re.sub(r"\\(.)", r"\1", clause["value"])) for clause in clauses]
    indexed = [(meta, value) for meta, _, value in wanted if meta]
    if indexed:
        ids = reversed(world.store.by_metadata.get(indexed[0], []))
        rows: Iterator[Json] = (each for each in (world.store.get(table, key) for key in ids) if each)
    else:
        rows = world.store.newest(table)
    for each in rows:
        if all((each["metadata"].get(meta) if meta else each.get(field)) == value for meta, field, value in wanted):
            yield each
