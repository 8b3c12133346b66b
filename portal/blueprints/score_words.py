"""Scores of a customer in the reader's language, each with the reasons for it (INC-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from flask_babel import gettext as _

from portal.formatting import decimal, money, rate
from portal.kit.errors import fill
from portal.kit.text import N_
from portal.queries.purchases import ScoreRow
from portal.rules.scores import Facts, Level, churn_level, churn_reasons

LEVELS = {Level.LOW: N_("low"), Level.MIDDLE: N_("middling"), Level.HIGH: N_("high")}
# Scores foretell for so many days (learning/scores.py), which pages that import no models say, too.
AHEAD_DAYS = 90


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One score: what it is, its value, and why it is so."""

    title: str
    value: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class ScoreView:
    """All scores of a person, with what they were computed by."""

    row: ScoreRow
    lines: Sequence[ScoreLine]


def score_view(row: ScoreRow) -> ScoreView:
    """The scores as a page shows them."""
    facts = Facts(row.purchases, row.first_on, row.last_on, row.scored_at.date())
    rfm = _(
        "Recency %(recency)s, frequency %(frequency)s, money %(money)s",
        recency=row.recency,
        frequency=row.frequency,
        money=row.money,
    )
    known = _(
        "Days since the last purchase: %(since)s. Days with purchases: %(purchases)s. Spent in all: %(spent)s. "
        "5 is the best fifth.",
        since=facts.since_days,
        purchases=row.purchases,
        spent=money(row.spent_minor, row.currency),
    )
    lines = [ScoreLine(_("Activity"), rfm, [known])]
    if row.expected_milli is None or row.churn_bp is None:
        unknown = _("Too few customers have come again so far to foretell anything.")
        lines.append(ScoreLine(_("Expected purchases"), _("not known"), [unknown]))
        return ScoreView(row, [*lines, _response(row)])
    expected = _("%(count)s within %(days)s days", count=decimal(Decimal(row.expected_milli) / 1000), days=AHEAD_DAYS)
    lines.append(ScoreLine(_("Expected purchases"), expected, _words(facts)))
    if row.expected_minor is not None:
        mean = money(row.spent_minor // row.purchases, row.currency)
        reason = _("A purchase of this customer was worth %(mean)s so far, times the purchases expected.", mean=mean)
        lines.append(ScoreLine(_("Expected value"), money(row.expected_minor, row.currency), [reason]))
    share = _(
        "%(share)s chance of buying nothing within %(days)s days: %(level)s",
        share=rate(row.churn_bp),
        days=AHEAD_DAYS,
        level=gettext(LEVELS[churn_level(row.churn_bp)]),
    )
    lines.append(ScoreLine(_("Churn risk"), share, _words(facts)))
    return ScoreView(row, [*lines, _response(row)])


def _words(facts: Facts) -> list[str]:
    return [fill(gettext(one.sentence), one.params) for one in churn_reasons(facts)]


def _response(row: ScoreRow) -> ScoreLine:
    title = _("Response to incentives")
    if row.response_bp is None:
        reason = _("It is learned only from people who were chosen at random: too few were, so far.")
        return ScoreLine(title, _("not known"), [reason])
    value = _("%(share)s more likely to buy with an incentive", share=rate(row.response_bp))
    return ScoreLine(title, value, [_("Learned from people who were chosen at random to get one or none.")])
