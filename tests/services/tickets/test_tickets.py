"""Tickets: to whom they go, what each word does, when somebody is late, and who may not (ORD-08)."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.talk import watch_tickets
from portal.kit import clock
from portal.models import AuditRow, Mail, Notice, OutboxEvent, TicketMessage
from portal.rules.states import MoveRefusedError
from portal.rules.tickets import SILENT_AFTER, AboutUnknownError, Side, TicketClosedError
from portal.services.tickets.give_ticket import AssigneeUnfitError, NoStoreError, give_ticket, pass_ticket
from portal.services.tickets.keep_message import Words
from portal.services.tickets.lock_ticket import TicketChangedError, TicketUnknownError, TicketWithMallError
from portal.services.tickets.move_ticket import move_ticket
from portal.services.tickets.write_message import write_message, write_note
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.parcel import send
from tests.factories.ticket import answer, make_ticket, ticket_of

pytestmark = pytest.mark.req("ORD-08")


def told(person: Person) -> Counter[str]:
    """What stands behind somebody's bell once all events are handled."""
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.handled_at.is_(None))))
    handle_events(ids)
    with reading() as session:
        kinds = Counter(session.scalars(select(Notice.kind).where(Notice.user_id == person.id)))
    return Counter({kind: count for kind, count in kinds.items() if kind.startswith("ticket")})


def mails_to(person: Person) -> list[str]:
    with reading() as session:
        found = session.scalars(select(Mail.subject).where(Mail.user_id == person.id, Mail.template == "ticket"))
        return sorted(found)


def people(mall: Mall) -> tuple[Person, Person, Person, Person]:
    return (
        make_person("bea"),
        make_person("sam", store_ids=mall.store_ids[:1]),
        make_person("sue", store_ids=mall.store_ids[1:2]),
        make_person("ada", roles=("admin",)),
    )


def test_it_goes_to_the_store_of_its_thing_and_about_money_to_the_mall(books: None) -> None:
    mall = make_mall()
    bea, sam, sue, ada = people(mall)
    order = make_order(bea, mall, {make_variant(mall): 1, make_variant(mall, store=1): 1})
    parcel = send(order.part_ids[0], sam)

    of_part = make_ticket(bea, f"part:{order.part_ids[1]}")
    of_parcel = make_ticket(bea, f"parcel:{parcel.shipment_id}", kind="damage")
    of_order = make_ticket(bea, f"order:{order.id}")
    of_money = make_ticket(bea, f"part:{order.part_ids[0]}", kind="payment")
    of_nothing = make_ticket(bea)

    assert [(one.store_id, one.with_mall) for one in (of_part, of_parcel)] == [
        (mall.store_ids[1], False),
        (mall.store_ids[0], False),
    ]
    assert all(one.store_id is None and one.with_mall for one in (of_order, of_money, of_nothing))
    assert of_parcel.order_id == order.id
    assert (told(sam), told(sue), told(ada)["ticket_opened"]) == (
        Counter({"ticket_opened": 1}),
        Counter({"ticket_opened": 1}),
        3,
    )
    assert mails_to(sam) == [f"New ticket {of_parcel.number}"]


def test_what_is_somebody_elses_cannot_be_asked_about_or_written_into(books: None) -> None:
    mall = make_mall()
    bea, _sam, sue, _ada = people(mall)
    stranger = make_person("max")
    order = make_order(bea, mall, {make_variant(mall): 1})
    ticket = make_ticket(bea, f"part:{order.part_ids[0]}")

    for about in (f"order:{order.id}", f"part:{order.part_ids[0]}", f"part:{uuid.uuid4()}", "nonsense"):
        with pytest.raises(AboutUnknownError):
            make_ticket(stranger, about)
    of_mall = make_ticket(bea)
    for ticket_id, person, side in (
        (ticket.id, stranger, Side.BUYER),
        (ticket.id, sue, Side.STORE),
        (ticket.id, stranger, Side.MALL),
        (ticket.id, bea, Side.STORE),
        (of_mall.id, sue, Side.STORE),
        (uuid.uuid4(), bea, Side.BUYER),
    ):
        with pytest.raises(TicketUnknownError):
            answer(ticket_id, person, side)


def test_words_go_to_and_fro_until_it_is_solved_opened_again_and_closed(books: None) -> None:
    mall = make_mall()
    bea, sam, _sue, _ada = people(mall)
    order = make_order(bea, mall, {make_variant(mall): 1})
    ticket = make_ticket(bea, f"part:{order.part_ids[0]}")
    seen = []
    for person, side, solves in (
        (bea, Side.BUYER, False),
        (sam, Side.STORE, False),
        (bea, Side.BUYER, False),
        (sam, Side.STORE, True),
        (bea, Side.BUYER, False),
        (sam, Side.STORE, False),
    ):
        answer(ticket.id, person, side, solves=solves)
        now = ticket_of(ticket.id)
        seen.append((now.state, now.answer_due_at is not None))
    assert seen == [
        ("open", True),
        ("waiting_buyer", False),
        ("waiting_store", True),
        ("solved", False),
        ("reopened", True),
        ("waiting_buyer", False),
    ]
    assert told(bea)["ticket_answered"] == 3
    assert told(sam)["ticket_written"] == 3
    assert len(mails_to(bea)) == 3
    with transaction() as session:
        move_ticket(session, ticket_id=ticket.id, side=Side.STORE, state="closed", actor=sam.actor, now=clock.now())
    with pytest.raises(TicketClosedError):
        answer(ticket.id, bea, Side.BUYER)
    with pytest.raises(MoveRefusedError), transaction() as session:
        move_ticket(session, ticket_id=ticket.id, side=Side.BUYER, state="solved", actor=bea.actor, now=clock.now())


def test_a_form_that_is_sent_twice_says_it_once(books: None) -> None:
    make_mall()
    bea = make_person("bea")
    first, again = make_ticket(bea, key="k"), make_ticket(bea, key="k", text="Something else")
    assert first.number == again.number
    for _twice in range(2):
        with transaction() as session:
            write_message(
                session,
                ticket_id=first.id,
                side=Side.BUYER,
                words=Words("m", "More."),
                actor=bea.actor,
                now=clock.now(),
                version=None,
            )
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TicketMessage)) == 2


def test_of_two_answers_at_once_the_second_reads_the_first_and_a_double_click_is_no_second(books: None) -> None:
    mall = make_mall()
    bea, _sam, _sue, ada = people(mall)
    mina = make_person("mina", roles=("operations",))
    ticket = make_ticket(bea)

    def reply(person: Person, key: str) -> None:
        with transaction() as session:
            write_message(
                session,
                ticket_id=ticket.id,
                side=Side.MALL,
                words=Words(key, "Yes."),
                actor=person.actor,
                now=clock.now(),
                version=ticket.version,
            )

    reply(ada, "a")
    reply(ada, "a")
    with pytest.raises(TicketChangedError):
        reply(mina, "b")


def test_notes_are_no_answer_and_a_store_makes_them_where_the_mall_answers(books: None) -> None:
    mall = make_mall()
    bea, sam, _sue, ada = people(mall)
    order = make_order(bea, mall, {make_variant(mall): 1})
    ticket = make_ticket(bea, f"part:{order.part_ids[0]}")
    with transaction() as session:
        pass_ticket(session, ticket_id=ticket.id, side=Side.STORE, to_mall=True, actor=sam.actor, now=clock.now())
        write_note(
            session,
            ticket_id=ticket.id,
            side=Side.STORE,
            words=Words("n", "We sent it on Monday."),
            actor=sam.actor,
            now=clock.now(),
        )
    with pytest.raises(TicketWithMallError):
        answer(ticket.id, sam, Side.STORE)
    assert ticket_of(ticket.id).state == "open"
    assert told(bea) == Counter()
    assert told(ada)["ticket_passed"] == 1
    answer(ticket.id, ada, Side.MALL)
    with transaction() as session:
        pass_ticket(session, ticket_id=ticket.id, side=Side.MALL, to_mall=False, actor=ada.actor, now=clock.now())
    assert told(sam)["ticket_passed"] == 1
    of_mall = make_ticket(bea)
    with pytest.raises(NoStoreError), transaction() as session:
        pass_ticket(session, ticket_id=of_mall.id, side=Side.MALL, to_mall=False, actor=ada.actor, now=clock.now())


def test_it_is_given_to_one_who_answers_such_and_he_alone_hears_of_the_next_word(books: None) -> None:
    mall = make_mall()
    bea, sam, sue, _ada = people(mall)
    kim = make_person("kim", store_ids=mall.store_ids[:1])
    order = make_order(bea, mall, {make_variant(mall): 1})
    ticket = make_ticket(bea, f"part:{order.part_ids[0]}")

    def give(to: Person) -> None:
        with transaction() as session:
            give_ticket(
                session, ticket_id=ticket.id, side=Side.STORE, assignee_id=to.id, actor=sam.actor, now=clock.now()
            )

    for wrong in (sue, bea):
        with pytest.raises(AssigneeUnfitError):
            give(wrong)
    give(kim)
    answer(ticket.id, bea, Side.BUYER)
    assert (told(kim)["ticket_given"], told(kim)["ticket_written"], told(sam)["ticket_written"]) == (1, 1, 0)


@pytest.mark.req("ORD-11")
def test_an_answer_is_warned_of_then_escalated_once_and_an_answer_ends_it(books: None) -> None:
    mall = make_mall()
    bea, sam, _sue, ada = people(mall)
    order = make_order(bea, mall, {make_variant(mall): 1})
    ticket = make_ticket(bea, f"part:{order.part_ids[0]}")
    assert ticket.answer_due_at is not None
    for hours, near, late in ((-5, 0, 0), (-3, 1, 0), (-2, 1, 0), (1, 1, 1), (2, 1, 1)):
        with clock.frozen(ticket.answer_due_at + timedelta(hours=hours)):
            watch_tickets()
        kinds = told(sam)
        assert (kinds["tickets_near"], kinds["tickets_late"]) == (near, late), hours
        assert told(ada)["tickets_late"] == late
    with reading() as session:
        escalated = select(func.count()).select_from(AuditRow).where(AuditRow.action == "ticket:escalated")
        assert session.scalar(escalated) == 1
    answer(ticket.id, sam, Side.STORE)
    assert ticket_of(ticket.id).missed_at is None


def test_what_nobody_touches_is_solved_and_then_closed(books: None) -> None:
    make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("admin",))
    ticket, waiting = make_ticket(bea), make_ticket(bea)
    answer(ticket.id, ada, Side.MALL)
    states = []
    for passed in (SILENT_AFTER - timedelta(hours=1), SILENT_AFTER, 3 * SILENT_AFTER):
        with clock.frozen(clock.now() + passed + timedelta(minutes=1)):
            watch_tickets()
            watch_tickets()
        states.append(ticket_of(ticket.id).state)
    assert states == ["waiting_buyer", "solved", "closed"]
    assert ticket_of(waiting.id).state == "open"
    assert told(bea)["ticket_solved"] == 1
