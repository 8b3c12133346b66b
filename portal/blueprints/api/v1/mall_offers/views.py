"""Offers to choose from: listed with what they brought, written, moved; and how they are chosen (INC-04, INC-05)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from portal.blueprints.api import once
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, Reply, operation
from portal.blueprints.api.problems import RequestInvalidError, fault
from portal.blueprints.api.schemas import BIGINT_MAX, Amount
from portal.blueprints.api.v1.mall_offers import examples
from portal.blueprints.api.v1.mall_offers.schemas import (
    MallOffer,
    MallOffers,
    OfferFigures,
    OfferIn,
    OfferMove,
    OfferStrategy,
    StrategyIn,
    StrategyTerms,
    StrategyVersion,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.models import Offer
from portal.queries import offers as known
from portal.queries.exchange import platform_currency
from portal.rules.offers import OfferDraft, Strategy
from portal.rules.permissions import Permission
from portal.services.incentives.save_offer import (
    OfferForbiddenError,
    OfferMovedError,
    OfferUnfitError,
    OfferUnknownError,
    make_offer_draft,
    move_offer,
    save_strategy,
)

TAG = "Offers"
ID = {"offer_id": PathValue("The offer's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.ID)}


@operation(
    "GET",
    "/mall/offers",
    tag=TAG,
    summary="List offers to choose from",
    description="Each with what it brought, and what it brought to offer nothing.",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=MallOffers,
    example=examples.OFFERS,
)
def list_mall_offers() -> MallOffers:
    with reading() as session:
        rows, found, currency = known.list_offers(session), known.load_figures(session), platform_currency(session)
        return MallOffers(
            items=[_offer(row, found.get(row.id), currency) for row in rows],
            nothing=_figures(found.get(None), currency),
        )


@operation(
    "POST",
    "/mall/offers",
    tag=TAG,
    summary="Write an offer to choose from",
    description="A draft: start it when it may be shown.",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=OfferIn,
    body_example=examples.TERMS,
    answer=MallOffer,
    status=201,
    answer_text="The draft.",
    example=examples.OFFER | {"state": "draft", "made": 0, "version": 1},
    refusals=(OfferForbiddenError, *once.REFUSALS),
    is_idempotent=True,
    headers=once.HEADERS,
)
def write_mall_offer(body: OfferIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    draft = OfferDraft(
        title=body.title,
        campaign_id=body.campaign_id,
        channel_id=body.channel_id,
        segment=body.segment or "",
        position=body.position,
        people_max=body.people_max,
    )
    with _faults_told():
        made, headers = once.make_once(
            key, scope="offer", body=body, make=lambda s: make_offer_draft(s, actor=actor, draft=draft, now=now)
        )
    return Reply(_shown(made), 201, headers)


@operation(
    "POST",
    "/mall/offers/<int:offer_id>/state",
    tag=TAG,
    summary="Start, pause or end an offer to choose from",
    description="On pages within two seconds.",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=OfferMove,
    body_example={"do": "start", "version": 1},
    answer=MallOffer,
    example=examples.OFFER,
    path_values=ID,
    refusals=(OfferForbiddenError, OfferUnknownError, OfferMovedError),
)
def move_mall_offer(offer_id: int, body: OfferMove) -> MallOffer:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: move_offer(s, offer_id=offer_id, do=body.do, version=body.version, actor=actor, now=now))
    return _shown(offer_id)


@operation(
    "GET",
    "/mall/offer-strategy",
    tag=TAG,
    summary="Show how offers are chosen",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=OfferStrategy,
    example=examples.STRATEGY,
)
def show_offer_strategy() -> OfferStrategy:
    return _strategy()


@operation(
    "PUT",
    "/mall/offer-strategy",
    tag=TAG,
    summary="Say how offers are chosen",
    description=(
        "The next version, which holds at once; an older one is put back by sending its terms. Sent again with the "
        "same `version` it is refused."
    ),
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=StrategyIn,
    body_example={**examples.CHOOSING, "note": "To begin with.", "version": 0},
    answer=OfferStrategy,
    example=examples.STRATEGY,
    refusals=(OfferForbiddenError, OfferMovedError),
)
def put_offer_strategy(body: StrategyIn) -> OfferStrategy:
    actor, now = api_actor(), clock.now()
    draft = Strategy(
        mode=body.mode,
        every_days=body.every_days,
        window_days=body.window_days,
        fraud_bp_max=body.fraud_basis_points_max,
        roii_bp_min=body.return_basis_points_min,
    )
    with _faults_told():
        atomically(lambda s: save_strategy(s, actor=actor, draft=draft, note=body.note, newest=body.version, now=now))
    return _strategy()


@contextmanager
def _faults_told() -> Iterator[None]:
    """What cannot be so, as faults of the request."""
    try:
        yield
    except OfferUnfitError as error:
        raise RequestInvalidError([fault(name, "unfit", words) for name, words in error.faults.items()]) from error


def _shown(offer_id: int) -> MallOffer:
    with reading() as session:
        row = next(one for one in known.list_offers(session) if one.id == offer_id)
        return _offer(row, known.load_figures(session).get(offer_id), platform_currency(session))


def _offer(row: Offer, found: known.OfferFigures | None, currency: str) -> MallOffer:
    return MallOffer(
        id=row.id,
        title=row.title,
        state=row.state,  # type: ignore[arg-type]  # One of the states.
        reason=row.reason,
        campaign_id=row.campaign_id,
        channel_id=row.channel_id,
        segment=row.segment,
        position=row.position,
        people_max=row.people_max,
        made=row.made,
        figures=_figures(found, currency),
        written_by=row.author_id,
        written_at=row.created_at,
        version=row.version,
    )


def _figures(found: known.OfferFigures | None, currency: str) -> OfferFigures:
    one = found or known.OfferFigures(None, 0, 0, 0, 0, 0, 0)
    return OfferFigures(
        chosen=one.chosen,
        taken=one.taken,
        dismissed=one.dismissed,
        rewarded=one.rewarded,
        reward=Amount.of(one.reward_minor, currency),
        cost=Amount.of(one.cost_minor, currency),
    )


def _strategy() -> OfferStrategy:
    with reading() as session:
        newest = known.newest_strategy(session)
        return OfferStrategy(
            terms=_terms(known.strategy_of(session)),
            version=newest.version if newest else 0,
            versions=[
                StrategyVersion(
                    version=row.version,
                    terms=_terms(Strategy.from_json(row.body)),
                    note=row.note,
                    written_by=author,
                    written_at=row.created_at,
                )
                for row, author in known.list_strategies(session)
            ],
        )


def _terms(found: Strategy) -> StrategyTerms:
    return StrategyTerms(
        mode=found.mode,  # type: ignore[arg-type]  # One of the modes.
        every_days=found.every_days,
        window_days=found.window_days,
        fraud_basis_points_max=found.fraud_bp_max,
        return_basis_points_min=found.roii_bp_min,
    )
