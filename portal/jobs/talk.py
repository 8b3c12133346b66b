"""What the clock does about tickets, reviews, wishes and digests. Each is cheap, bounded and safe to run twice."""

from __future__ import annotations

from portal.db import transaction
from portal.jobs.one_by_one import one_by_one
from portal.kit import clock
from portal.services.notifications.keep_wishes import digests_due, write_digest
from portal.services.remarks.tend_reviews import invite_to_review, reviews_to_reward, reward_review
from portal.services.tickets.watch_tickets import end_silent, silent_tickets, watch_answers
from portal.services.wishes.watch_wishes import watch_wishes as look_at_wishes


def watch_tickets() -> None:
    """Warn of answers that are due soon, escalate missed ones, and close what nobody has touched for long."""
    with transaction() as session:
        watch_answers(session, now=clock.now())
    one_by_one(silent_tickets, end_silent, name="ticket_id")


def tend_reviews() -> None:
    """Ask for reviews of what has arrived, and give the points of those whose time for returns is over."""
    with transaction() as session:
        invite_to_review(session, now=clock.now())
    one_by_one(reviews_to_reward, reward_review, name="remark_id")


def write_digests() -> None:
    """Write the digests of those who want one, each at his own morning."""
    one_by_one(digests_due, write_digest, name="user_id")


def watch_wishes() -> None:
    """Tell of wished goods that are there again, or cost less."""
    with transaction() as session:
        look_at_wishes(session, now=clock.now())
