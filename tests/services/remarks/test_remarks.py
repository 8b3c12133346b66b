"""Reviews by those who got it, once; questions; answers; what is hidden; points after the time for returns (CAT-03)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.talk import tend_reviews
from portal.kit import clock
from portal.models import AuditRow, Mail, Notice, OrderLine, OrderPart, OutboxEvent, ProductRating, Remark
from portal.rules.earning import EarnTerms, to_json
from portal.rules.remarks import HidingReasonError, StarsMissingError
from portal.services.remarks.answer_remark import (
    RemarkChangedError,
    RemarkUnknownError,
    answer_remark,
    hide_remark,
    show_remark,
)
from portal.services.remarks.write_review import (
    NotArrivedError,
    NotYoursToReviewError,
    Review,
    ReviewedAlreadyError,
    write_review,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.loyalty import write_version
from tests.factories.order import make_order
from tests.factories.remark import deliver, make_question, make_review

pytestmark = pytest.mark.req("CAT-03")


def rating(product_id: int) -> tuple[int, int]:
    with reading() as session:
        row = session.get(ProductRating, product_id)
        return (row.reviews, row.stars) if row else (0, 0)


def notices(person: Person, kind: str) -> int:
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.handled_at.is_(None))))
    handle_events(ids)
    with reading() as session:
        statement = select(func.count()).select_from(Notice).where(Notice.user_id == person.id, Notice.kind == kind)
        return session.execute(statement).scalar_one()


def test_only_who_bought_it_and_got_it_reviews_it_and_once(books: None) -> None:
    mall = make_mall()
    bea, other = make_person("bea"), make_person("max")
    sam = make_person("sam", store_ids=mall.store_ids[:1])
    order = make_order(bea, mall, {make_variant(mall): 1})
    with reading() as session:
        part = session.get_one(OrderPart, order.part_ids[0])
        assert part.delivered_at is None
    line_id = _line(order.part_ids[0])
    with pytest.raises(NotArrivedError):
        make_review(bea, line_id)
    deliver(order, sam)
    for person, line in ((other, line_id), (bea, uuid.uuid4())):
        with pytest.raises(NotYoursToReviewError):
            make_review(person, line)
    for stars in ("", "0", "6", "55", "x"):
        with pytest.raises(StarsMissingError), transaction() as session:
            write_review(session, line_id=line_id, review=Review("k", stars, ""), actor=bea.actor, now=clock.now())

    review = make_review(bea, line_id, 4, key="k")
    assert make_review(bea, line_id, 1, key="k").id == review.id  # The same form once more.
    with pytest.raises(ReviewedAlreadyError):
        make_review(bea, line_id, 1)
    assert rating(review.product_id) == (1, 4)
    assert notices(sam, "review_written") == 1


def test_what_the_mall_hides_counts_no_more_until_it_is_shown_again(books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    ada, mia = make_person("ada", roles=("admin",)), make_person("mia", roles=("marketing",))
    review = make_review(bea, deliver(make_order(bea, mall, {make_variant(mall): 1}), sam)[0], 2)
    for person in (sam, bea):
        with pytest.raises(RemarkUnknownError), transaction() as session:
            hide_remark(session, remark_id=review.id, reason="no", version=None, actor=person.actor, now=clock.now())
    with pytest.raises(HidingReasonError), transaction() as session:
        hide_remark(session, remark_id=review.id, reason=" ", version=1, actor=ada.actor, now=clock.now())
    for _twice in range(2):
        with transaction() as session:
            hide_remark(session, remark_id=review.id, reason="Insult", version=1, actor=mia.actor, now=clock.now())
        assert rating(review.product_id) == (0, 0)
    with pytest.raises(RemarkChangedError), transaction() as session:
        show_remark(session, remark_id=review.id, version=1, actor=ada.actor, now=clock.now())
    with transaction() as session:
        show_remark(session, remark_id=review.id, version=2, actor=ada.actor, now=clock.now())
    assert rating(review.product_id) == (1, 2)
    with reading() as session:
        acts = list(session.scalars(select(AuditRow.action).where(AuditRow.ref == f"remark:{review.id}")))
    assert sorted(acts) == ["remark:hidden", "remark:shown", "review:written"]


def test_its_own_store_answers_and_the_author_hears_of_it_once(books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    sue = make_person("sue", store_ids=mall.store_ids[1:2])
    order = make_order(bea, mall, {make_variant(mall): 1})
    with reading() as session:
        product_id = session.scalars(select(OrderLine.product_id)).one()
    question = make_question(bea, product_id)
    assert order.number
    assert notices(sam, "question_asked") == 1

    def answer(person: Person, words: str, version: int) -> None:
        with transaction() as session:
            answer_remark(
                session, remark_id=question.id, words=words, version=version, actor=person.actor, now=clock.now()
            )

    with pytest.raises(RemarkUnknownError):
        answer(sue, "12 cm", 1)
    answer(sam, "12 cm", 1)
    answer(sam, "12 cm", 1)  # A double click.
    with pytest.raises(RemarkChangedError):
        answer(sam, "13 cm", 1)
    answer(sam, "13 cm", 2)
    assert notices(bea, "remark_answered") == 1
    with pytest.raises(NotYoursToReviewError):
        make_question(bea, 999_999)


@pytest.mark.req("ORD-09")
def test_a_buyer_is_asked_once_a_day_after_it_came(books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    reviewed = make_order(bea, mall, {make_variant(mall): 1})
    asked = make_order(bea, mall, {make_variant(mall): 1})
    make_review(bea, deliver(reviewed, sam)[0])
    deliver(asked, sam)
    invitations = []
    for hours in (1, 25, 26, 24 * 40):
        with clock.frozen(clock.now() + timedelta(hours=hours)):
            tend_reviews()
        invitations.append(notices(bea, "review_invited"))
    assert invitations == [0, 1, 1, 1]
    with reading() as session:
        mails = session.scalar(select(func.count()).select_from(Mail).where(Mail.template == "review_invitation"))
    assert mails == 1


@pytest.mark.req("ORD-09", "BAL-04")
def test_a_review_is_rewarded_once_when_nothing_can_be_sent_back_any_more(books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=mall.store_ids[:1])
    write_version(make_person("ada", roles=("admin",)), "mileage", to_json(EarnTerms(review_points=50)))
    order = make_order(bea, mall, {make_variant(mall): 1})
    review = make_review(bea, deliver(order, sam)[0])
    tend_reviews()
    assert _rewarded(review.id) is False
    with transaction() as session:
        session.get_one(OrderPart, order.part_ids[0]).mileage_matured_at = clock.now()
    tend_reviews()
    tend_reviews()
    assert _rewarded(review.id) is True
    with reading() as session:
        granted = select(func.count()).select_from(AuditRow).where(AuditRow.action == "mileage:granted")
        assert session.scalar(granted) == 1


def _rewarded(remark_id: uuid.UUID) -> bool:
    with reading() as session:
        return session.get_one(Remark, remark_id).rewarded_at is not None


def _line(part_id: uuid.UUID) -> uuid.UUID:
    with reading() as session:
        return session.scalars(select(OrderLine.id).where(OrderLine.part_id == part_id)).one()
