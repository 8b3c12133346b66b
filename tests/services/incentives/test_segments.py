"""Segments: who is in them, when he came and left, and that coupons ask (INC-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db import atomically, reading, transaction
from portal.jobs.incentives import renew_scores, score_everybody
from portal.kit import clock
from portal.queries.buyer_facts import load_buyer_facts
from portal.queries.segments import list_members, list_overlaps, list_segments, segment_keys_of, size_history
from portal.rules.fraud_language import parse
from portal.rules.segment_features import SEGMENT_FEATURES
from portal.services.incentives.renew_segments import count_matching, renew_segments
from portal.services.incentives.save_segment import (
    SegmentChangedError,
    SegmentDraft,
    SegmentForbiddenError,
    SegmentUnfitError,
    save_segment,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-02")


def save(actor: Person, key: str, source: str, *, newest: int = 0, live: bool = True) -> int:
    draft = SegmentDraft(key, key.title(), source, live)
    return atomically(lambda s: save_segment(s, actor=actor.actor, draft=draft, newest=newest, now=clock.now()))


def keys(person: Person) -> set[str]:
    with reading() as session:
        return set(segment_keys_of(session, user_id=person.id))


def test_somebody_comes_with_an_order_and_leaves_with_time(db: None) -> None:
    mall, mia, bea = make_mall(), make_person("mia", roles=("marketing",)), make_person("bea")
    save(mia, "lately", "purchases >= 1 and since < 40 d")
    save(mia, "spenders", "spent > 20000 KRW")
    score_everybody()
    assert keys(bea) == set()
    make_order(bea, mall, {make_variant(mall, krw=30_000): 1})
    renew_scores()
    assert keys(bea) == {"lately", "spenders"}
    with reading() as session:
        facts = load_buyer_facts(session, user_id=bea.id, tier=None, now=clock.now())
        assert list_overlaps(session, key="lately") == [("spenders", 1)]
        assert [one.user_id for one in list_members(session, key="lately")] == [bea.id]
    assert facts.segments == {"returning", "lately", "spenders"}
    with transaction() as session:
        renew_segments(session, now=clock.now() + timedelta(days=50))
    assert keys(bea) == {"spenders"}
    with reading() as session:
        history = size_history(session, key="lately", now=clock.now() + timedelta(days=50))
        assert [(one.entered, one.left, one.size) for one in history] == [(0, 1, 0)]
    with transaction() as session:
        renew_segments(session, now=clock.now() + timedelta(days=50))
    assert rows("SELECT count(*) FROM segment_move") == [(3,)]


def test_a_new_version_takes_its_members_at_once_and_off_means_none(db: None) -> None:
    make_mall()
    mia, bea = make_person("mia", roles=("marketing",)), make_person("bea")
    assert save(mia, "newcomers", "purchases = 0") == 1
    assert keys(bea) == {"newcomers"}
    assert save(mia, "newcomers", "missing(tier)", newest=1) == 2
    assert keys(bea) == {"newcomers"}
    save(mia, "newcomers", "missing(tier)", newest=2, live=False)
    assert keys(bea) == set()
    with reading() as session:
        assert [(one.version, one.size) for one in list_segments(session)] == [(3, 0)]


@pytest.mark.parametrize(
    ("key", "title", "source"),
    [
        ("lapsed", "x", "purchases > 1"),
        ("a", "x", "purchases > 1"),
        ("fine", " ", "purchases > 1"),
        ("fine", "x", "cows > 1"),
    ],
)
def test_what_cannot_be_so_is_refused(db: None, key: str, title: str, source: str) -> None:
    make_mall()
    mia = make_person("mia", roles=("marketing",))
    draft = SegmentDraft(key, title, source)
    with pytest.raises(SegmentUnfitError):
        atomically(lambda s: save_segment(s, actor=mia.actor, draft=draft, newest=0, now=clock.now()))
    assert rows("SELECT count(*) FROM segment_version") == [(0,)]


def test_the_second_writer_is_told_who_was_first(db: None) -> None:
    make_mall()
    mia, sam = make_person("mia", roles=("marketing",)), make_person("sam", roles=("seller",), store_ids=(1,))
    save(mia, "some", "purchases > 1")
    with pytest.raises(SegmentChangedError) as refused:
        save(mia, "some", "purchases > 2")
    assert "Mia" in str(refused.value)
    with pytest.raises(SegmentForbiddenError):
        save(sam, "some", "purchases > 2", newest=1)


def test_every_feature_can_be_asked_about(db: None) -> None:
    make_mall()
    make_person("bea")
    with reading() as session:
        for name in SEGMENT_FEATURES:
            parse(f"missing({name})", SEGMENT_FEATURES)
            matching, customers, _first = count_matching(
                session, source=f"not missing({name}) or true", now=clock.now()
            )
            assert (matching, customers) == (1, 1)
