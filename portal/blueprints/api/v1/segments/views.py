"""Segments read, tried and written, through the services of the desk (INC-02)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, operation
from portal.blueprints.api.problems import RequestInvalidError, fault
from portal.blueprints.api.schemas import FieldProblem
from portal.blueprints.api.v1.segments import examples
from portal.blueprints.api.v1.segments.schemas import (
    Asking,
    Member,
    Overlap,
    Segment,
    SegmentDay,
    SegmentFeature,
    SegmentFeatures,
    SegmentIn,
    SegmentItem,
    SegmentList,
    SegmentPreview,
    SegmentTrial,
    SegmentVersion,
)
from portal.blueprints.risk_words import fault_of, sentence
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.segments import (
    SegmentRow,
    campaigns_asking,
    list_members,
    list_overlaps,
    list_segments,
    load_versions,
    size_history,
)
from portal.rules.fraud_language import ExpressionError
from portal.rules.permissions import Permission
from portal.rules.segment_features import SEGMENT_FEATURES
from portal.services.incentives.renew_segments import count_matching
from portal.services.incentives.save_segment import (
    SegmentChangedError,
    SegmentDraft,
    SegmentForbiddenError,
    SegmentUnfitError,
    save_segment,
)

TAG = "Segments"
KEY = {"key": PathValue("The segment's key.", {"type": "string", "minLength": 1}, examples.KEY)}


@operation(
    "GET",
    "/segments",
    tag=TAG,
    summary="List segments",
    description="Each in its newest version, with how many are in it.",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=SegmentList,
    example={"items": [examples.ITEM]},
)
def list_all_segments() -> SegmentList:
    with reading() as session:
        return SegmentList(items=[_item(one) for one in list_segments(session)])


@operation(
    "GET",
    "/segment-features",
    tag=TAG,
    summary="List what a segment may ask",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=SegmentFeatures,
    example=examples.FEATURES,
)
def list_segment_features() -> SegmentFeatures:
    return SegmentFeatures(
        items=[
            SegmentFeature(name=name, kind=one.kind.value, words=gettext(one.words))
            for name, one in SEGMENT_FEATURES.items()
        ]
    )


@operation(
    "POST",
    "/segments/preview",
    tag=TAG,
    summary="Say whom a segment would take",
    description="How many of all customers the condition holds for now. Nothing is saved.",
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=SegmentTrial,
    body_example={"rule": examples.RULE},
    answer=SegmentPreview,
    example=examples.PREVIEW,
)
def preview_segment(body: SegmentTrial) -> SegmentPreview:
    with reading() as session, _faults_told():
        people, customers, first = count_matching(session, source=body.rule, now=clock.now())
    words = sentence(body.rule, features=SEGMENT_FEATURES)
    return SegmentPreview(people=people, customers=customers, first=first, words=words)


@operation(
    "GET",
    "/segments/<string:key>",
    tag=TAG,
    summary="Show a segment",
    description="With its versions, how it grew, what it shares with others, and which campaigns ask for it.",
    permission=Permission.COUPON_VIEW,
    within=FOR_MALL,
    answer=Segment,
    example=examples.SEGMENT,
    path_values=KEY,
    refusals=(NotFoundError,),
)
def show_one_segment(key: str) -> Segment:
    return _shown(key)


@operation(
    "PUT",
    "/segments/<string:key>",
    tag=TAG,
    summary="Write a segment",
    description=(
        "A new one, or the next version of one that is there: its members are counted at once. Sent again with the "
        "same `version` it is refused, and nothing is written twice."
    ),
    permission=Permission.COUPON_ISSUE,
    within=FOR_MALL,
    body=SegmentIn,
    body_example={**examples.TERMS, "version": 1},
    answer=Segment,
    example=examples.SEGMENT,
    path_values=KEY,
    refusals=(SegmentForbiddenError, SegmentChangedError(who="Ada", version=2), NotFoundError),
)
def write_segment(key: str, body: SegmentIn) -> Segment:
    actor, now = api_actor(), clock.now()
    draft = SegmentDraft(key, body.title, body.rule, body.is_live)
    with _faults_told():
        atomically(lambda s: save_segment(s, actor=actor, draft=draft, newest=body.version, now=now))
    return _shown(key)


@contextmanager
def _faults_told() -> Iterator[None]:
    """What is wrong with a segment, as faults of the request."""
    try:
        yield
    except ExpressionError as error:
        raise RequestInvalidError([_fault_of_rule(error)]) from error
    except SegmentUnfitError as error:
        told = [fault(name, "unfit", words) for name, words in error.faults.items()]
        raise RequestInvalidError([*told, *([_fault_of_rule(error.error)] if error.error else [])]) from error


def _fault_of_rule(error: ExpressionError) -> FieldProblem:
    return FieldProblem(field="rule", code="unfit", detail=fault_of(error))


def _item(row: SegmentRow) -> SegmentItem:
    return SegmentItem(key=row.key, size=row.size, **_written(row).model_dump())


def _written(row: SegmentRow) -> SegmentVersion:
    return SegmentVersion(
        version=row.version,
        title=row.title,
        rule=row.source,
        is_live=row.is_live,
        written_by=uuid.UUID(row.author),
        written_at=row.created_at,
    )


def _shown(key: str) -> Segment:
    now = clock.now()
    with reading() as session:
        versions = load_versions(session, key=key)
        if not versions:
            raise NotFoundError
        return Segment(
            **_item(versions[0]).model_dump(),
            versions=[_written(one) for one in versions],
            newest_members=[Member(person=one.user_id, since=one.since) for one in list_members(session, key=key)],
            days=[
                SegmentDay(day=one.day, entered=one.entered, left=one.left, size=one.size)
                for one in size_history(session, key=key, now=now)
            ],
            overlaps=[Overlap(key=name, people=people) for name, people in list_overlaps(session, key=key)],
            campaigns=[Asking(id=number, name=name) for number, name in campaigns_asking(session, key=key)],
        )
