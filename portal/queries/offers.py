"""Offers as pages need them at every look, and as the desk shows them (INC-04, INC-05)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import reading
from portal.models import Offer, OfferModel, OfferModelPlace, OfferStrategy, User
from portal.rules.offers import Mode, Strategy

if TYPE_CHECKING:
    from portal.learning.bandit import Bandit

log = structlog.get_logger()

KEPT_FOR_S = 2.0
USUAL = Strategy()
VERSIONS_SHOWN = 50

# One statement: offers that run with a coupon that runs, the strategy, and which model is in its place.
_RUNNING = text(
    """
    SELECT o.id, o.title, o.campaign_id, o.channel_id, o.segment, c.name, c.valid_until, s.version AS strategy_version,
           s.body, p.model_version
      FROM offer o JOIN campaign c ON c.id = o.campaign_id
      LEFT JOIN LATERAL (SELECT version, body FROM offer_strategy ORDER BY version DESC LIMIT 1) s ON true
      LEFT JOIN LATERAL (SELECT model_version FROM offer_model_place ORDER BY id DESC LIMIT 1) p ON true
     WHERE o.state = 'running' AND c.state = 'running' AND c.distribution = 'grant' AND o.made < o.people_max
     ORDER BY o.position, o.id
    """
)


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer that runs. `name` is the coupon's, {locale: text}."""

    id: int
    campaign_id: int
    channel_id: int | None
    segment: str | None
    name: Mapping[str, str]
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class OfferDirectory:
    """What may be offered at a moment, and how it is chosen; `model` is None where the rules choose."""

    offers: Sequence[OfferView] = ()
    strategy: Strategy = USUAL
    strategy_version: int | None = None
    model_version: int | None = None
    model: Bandit | None = None

    def on(self, channel_id: int) -> list[OfferView]:
        """The offers of a channel in their order."""
        return [one for one in self.offers if one.channel_id in (None, channel_id)]


class _Kept:
    directory: OfferDirectory | None = None
    until = 0.0
    models: tuple[int | None, Bandit | None] = (None, None)


_kept = _Kept()


def offer_directory() -> OfferDirectory:
    """What may be offered, at most KEPT_FOR_S old: where nothing is, pages ask the database nothing more."""
    moment = time.monotonic()
    if _kept.directory is None or moment >= _kept.until:
        with reading() as session:
            _kept.directory = _load(session)
        _kept.until = moment + KEPT_FOR_S
    return _kept.directory


def forget_offers() -> None:
    """Read them anew: after a change made by this process, and between tests."""
    _kept.directory = None
    _kept.models = (None, None)


def _load(session: Session) -> OfferDirectory:
    rows = session.execute(_RUNNING).all()
    if not rows:
        return OfferDirectory()
    first = rows[0]
    strategy = Strategy.from_json(first.body or {})
    wanted = first.model_version if strategy.mode == Mode.LEARNED else None
    if _kept.models[0] != wanted:
        _kept.models = (wanted, _model(session, wanted) if wanted is not None else None)
    model = _kept.models[1]
    offers = [
        OfferView(row.id, row.campaign_id, row.channel_id, row.segment, row.name, row.valid_until) for row in rows
    ]
    return OfferDirectory(offers, strategy, first.strategy_version, wanted if model is not None else None, model)


def _model(session: Session, version: int) -> Bandit | None:
    """A model; one that this release cannot read is not there, and the rules choose."""
    from portal.learning.bandit import Bandit

    kept = session.scalar(select(OfferModel.model).where(OfferModel.version == version))
    try:
        return Bandit.from_json(kept or {})
    except (KeyError, TypeError, ValueError) as error:
        log.warning("offer_model_unusable", version=version, error=str(error))
        return None


@dataclass(frozen=True, slots=True)
class OfferFigures:
    """What became of an offer, or of offering nothing: `offer_id` None. Amounts are in the platform's currency."""

    offer_id: int | None
    chosen: int
    taken: int
    dismissed: int
    rewarded: int
    reward_minor: int
    cost_minor: int


_FIGURES = text(
    """
    SELECT offer_id, count(*) AS chosen, count(taken_at) AS taken, count(dismissed_at) AS dismissed,
           count(rewarded_at) AS rewarded, coalesce(sum(reward_minor), 0)::bigint AS reward_minor,
           coalesce(sum(cost_minor), 0)::bigint AS cost_minor
      FROM offer_choice WHERE arm = 'chosen' GROUP BY 1
    """
)


def list_offers(session: Session) -> Sequence[Offer]:
    """All of them, those that run first, in the order in which the rules take them."""
    running = Offer.state != "running"
    return list(session.scalars(select(Offer).order_by(running, Offer.position, Offer.id)))


def load_figures(session: Session) -> dict[int | None, OfferFigures]:
    """Per offer what became of it."""
    return {row.offer_id: OfferFigures(*row) for row in session.execute(_FIGURES)}


def newest_strategy(session: Session) -> OfferStrategy | None:
    """The strategy in force; None where nobody has set one, and the usual one holds."""
    return session.scalar(select(OfferStrategy).order_by(OfferStrategy.version.desc()).limit(1))


def strategy_of(session: Session) -> Strategy:
    """The same as values."""
    row = newest_strategy(session)
    return Strategy.from_json(row.body) if row else Strategy()


def list_strategies(session: Session) -> list[tuple[OfferStrategy, str]]:
    """Its versions with their authors, the newest first."""
    found = select(OfferStrategy, User.name).join(User, User.id == OfferStrategy.author_id)
    rows = session.execute(found.order_by(OfferStrategy.version.desc()).limit(VERSIONS_SHOWN))
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A version of the model as its list shows it."""

    version: int
    choices: int
    card: Mapping[str, Any]
    fitted_at: datetime


def list_models(session: Session) -> list[ModelRow]:
    """Versions of the model, the newest first; without what they learned."""
    found = select(OfferModel.version, OfferModel.choices, OfferModel.card, OfferModel.fitted_at)
    rows = session.execute(found.order_by(OfferModel.version.desc()).limit(VERSIONS_SHOWN))
    return [ModelRow(*row) for row in rows]


def model_place(session: Session) -> OfferModelPlace | None:
    """Which model chooses; None before the first."""
    return session.scalar(select(OfferModelPlace).order_by(OfferModelPlace.id.desc()).limit(1))
