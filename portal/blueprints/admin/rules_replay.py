"""What a version of the routing rules would have done with past payments: looked at, nothing written (PAY-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.rules_words import Names, names_of, rule_sentence
from portal.blueprints.desk import midnight, zone_of_reader
from portal.db import reading
from portal.kit import clock
from portal.queries.gateway_accounts import account_names
from portal.queries.routing_replay import ATTEMPTS_MAX, load_past
from portal.queries.routing_rules import VersionRow, load_version
from portal.rules.permissions import Permission
from portal.rules.replay import replay
from portal.rules.route_rules import RuleSet

# What the page offers at first: this many days, today among them.
DAYS = 7


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/gateways/rules/<int:version>/replay", "rules_replay", show)


@dataclass(slots=True)
class DaysForm:
    """The first and the last day, as they were typed; `faults` by the field's name."""

    first: str
    last: str
    faults: dict[str, str] = field(default_factory=dict)

    def range(self) -> tuple[datetime, datetime] | None:
        """From when, and before when, in the reader's zone; None with the faults said."""
        first, last = (self._day(name, typed) for name, typed in (("from", self.first), ("to", self.last)))
        if first is None or last is None:
            return None
        if last < first:
            self.faults["to"] = _("The last day is not before the first.")
            return None
        return midnight(first), midnight(last + timedelta(days=1))

    def _day(self, name: str, typed: str) -> date | None:
        try:
            found = date.fromisoformat(typed)
        except ValueError:
            found = date.min
        # Where zones are added, the ends of the calendar are no days.
        if not 2000 <= found.year < 9000:
            self.faults[name] = _("Write a day like 2026-11-28.")
            return None
        return found


@requires_all(Permission.GATEWAY_VIEW)
def show(version: int) -> ResponseReturnValue:
    """Choose days, and see what would have gone elsewhere."""
    today = clock.now().astimezone(zone_of_reader()).date()
    form = DaysForm(
        request.args.get("from", (today - timedelta(days=DAYS - 1)).isoformat()),
        request.args.get("to", today.isoformat()),
    )
    days = form.range()
    made, past, names = None, None, Names({}, {})
    with reading() as session:
        row = load_version(session, version=version)
        if row is None:
            raise NotFoundError
        if days is not None and "from" in request.args:
            past = load_past(session, since=days[0], until=days[1])
            made = replay(past.attempts, RuleSet(row.version, row.rules))
            names = names_of(account_names(session).items())
        frame = around(session, "admin.gateways")
    page = render_template(
        "admin/gateways/rules/replay.html",
        row=row,
        form=form,
        past=past,
        made=made,
        names=names,
        fitted=_fitted(row, made.by_rule, names) if made else [],
        attempts_max=ATTEMPTS_MAX,
        has_errors=bool(form.faults),
        **frame,
    )
    return page, 422 if form.faults else 200


def _fitted(row: VersionRow, by_rule: Mapping[int | None, int], names: Names) -> list[tuple[str, int]]:
    """Each rule with how many attempts it decides, and what no rule fits."""
    told = [(rule_sentence(rule, names), by_rule.get(n, 0)) for n, rule in enumerate(row.rules, start=1)]
    return [*told, (_("No rule fits: every account in its own order."), by_rule.get(None, 0))]
