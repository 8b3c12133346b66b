"""How long it takes to choose an offer for somebody who is looking, and to find what was chosen before (INC-04)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import text

from portal.bench.figures import percentile
from portal.bench.people import make_buyers
from portal.config import Settings
from portal.crypto import email_index
from portal.db import atomically, look, transaction
from portal.kit import clock
from portal.learning.bandit import Bandit
from portal.learning.offers import FEATURES, NONE, SEEN_MIN
from portal.models import OfferModel, OfferModelPlace
from portal.process import start
from portal.queries.channels import channel_directory
from portal.queries.offers import forget_offers, offer_directory
from portal.rules.offers import Place
from portal.services.incentives.choose_offer import Look, choose_offer, look_up

CHOOSE_MS = 10.0
OFFERS = 5

_OFFER = text(
    """
    WITH c AS (
        INSERT INTO campaign (name, kind, target, percent, distribution, stackable, valid_from, valid_until, issued_at,
                              issued_by)
        VALUES ('{"en": "Bench"}', 'percentage', 'order', 10, 'grant', true, now(), now() + interval '1 day', now(),
                'bench') RETURNING id)
    INSERT INTO offer (title, campaign_id, position, people_max, state, author_id, created_at)
    SELECT 'Bench', c.id, 1, 1000000, 'running', (SELECT id FROM user_account LIMIT 1), now() FROM c RETURNING id
    """
)
_ALLOW = text(
    """
    INSERT INTO consent_choice (user_id, purpose, channel_id, is_given, version, source, at)
    SELECT id, 'personal_offers', :channel, true, '2026-11', 'account', now() FROM user_account
     WHERE email_index = ANY(:people) RETURNING user_id
    """
)


@dataclass(frozen=True, slots=True)
class OffersOutcome:
    """Milliseconds: a choice with all its statements, of that the model alone, and the look that finds a choice."""

    people: int
    offers: int
    choose_p50_ms: float
    choose_p95_ms: float
    model_p50_ms: float
    again_p50_ms: float
    again_p95_ms: float

    @property
    def missed(self) -> bool:
        return self.choose_p50_ms > CHOOSE_MS

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "limit_ms": CHOOSE_MS, "missed": self.missed}


def measure(settings: Settings, *, people: int, say: Callable[[str], None]) -> OffersOutcome:
    """Choose for so many people among OFFERS offers by a model that has learned something; then look again."""
    start(settings, name="portal bench", connections=2)
    directory = channel_directory()
    channel = directory[directory.default]
    say(f"portal: making {people:,} buyers")
    emails = make_buyers(people, currency=channel.currency)
    model = Bandit(len(FEATURES))
    rng = np.random.default_rng(20)
    with transaction() as session:
        names = [str(session.execute(_OFFER).scalar_one()) for _ in range(OFFERS)]
        for n in range(4 * SEEN_MIN):
            model.learn(rng.random(len(FEATURES)), [*names, NONE][n % (OFFERS + 1)], float(rng.random()))
        row = OfferModel(model=model.to_json(), card={}, choices=model.seen, fitted_at=clock.now())
        session.add(row)
        session.flush()
        session.add(
            OfferModelPlace(
                model_version=row.version, is_pinned=False, reason="newest", placed_by=None, placed_at=clock.now()
            )
        )
        values = {"channel": channel.id, "people": [email_index(one) for one in emails]}
        ids = list(session.scalars(_ALLOW, values))
    forget_offers()
    chose, alone, again = [], [], []
    context = rng.random(len(FEATURES))
    for user_id in ids:
        asked = Look(user_id, channel.id, Place.HOME, clock.now())
        chose.append(_timed(lambda asked=asked: _choose(asked)))  # type: ignore[misc]  # mypy does not infer a lambda's default.
        alone.append(_timed(lambda: model.choose(context, [*names, NONE], rng)))
        again.append(_timed(lambda asked=asked: _look(asked)))  # type: ignore[misc]  # As above.
    return OffersOutcome(
        len(ids),
        OFFERS,
        percentile(chose, 50),
        percentile(chose, 95),
        percentile(alone, 50),
        percentile(again, 50),
        percentile(again, 95),
    )


def lines_of(outcome: OffersOutcome) -> Iterator[str]:
    """What was measured, in words."""
    yield f"people and offers  {outcome.people:,} people, {outcome.offers} offers and none"
    yield f"choosing           p50 {outcome.choose_p50_ms:.1f} ms   p95 {outcome.choose_p95_ms:.1f} ms, all statements"
    yield f"the model alone    p50 {outcome.model_p50_ms:.2f} ms"
    yield f"looking again      p50 {outcome.again_p50_ms:.1f} ms   p95 {outcome.again_p95_ms:.1f} ms"


def _choose(asked: Look) -> None:
    directory = offer_directory()
    look(partial(look_up, directory=directory, look=asked))
    atomically(partial(choose_offer, directory=directory, look=asked))


def _look(asked: Look) -> None:
    look(partial(look_up, directory=offer_directory(), look=asked))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
