"""What people may choose of their notices: topics, ways, quiet hours, and the digest (NOT-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.rules.notices import NoticeKind

K = NoticeKind
# At this hour of the reader the digest of the day before is written.
DIGEST_HOUR: Final = 8


class Topic(StrEnum):
    """What can be switched by itself. Whatever belongs to no topic is always told: proofs, codes, warnings."""

    ORDERS = "orders"
    DELIVERY = "delivery"
    BALANCES = "balances"
    TICKETS = "tickets"
    GOODS = "goods"
    DESK = "desk"


class ByMail(StrEnum):
    """When a mail about a topic comes."""

    NOW = "now"
    DIGEST = "digest"
    NEVER = "never"


_KINDS: Mapping[Topic, tuple[NoticeKind, ...]] = {
    Topic.ORDERS: (K.ORDER_PAID, K.REFUND_APPROVED, K.REFUND_SUCCEEDED),
    Topic.DELIVERY: (K.SHIPMENT_SENT, K.SHIPMENT_OUT, K.SHIPMENT_DELIVERED, K.SHIPMENT_DELAYED),
    Topic.BALANCES: (K.TOP_UP_CREDITED, K.MILEAGE_MATURED, K.MILEAGE_ENDING, K.GIFT_ACCEPTED, K.TIER_UP, K.TIER_DOWN),
    Topic.TICKETS: (K.TICKET_ANSWERED, K.TICKET_SOLVED),
    Topic.GOODS: (
        K.WISH_IN_STOCK,
        K.WISH_CHEAPER,
        K.REVIEW_INVITED,
        K.REMARK_ANSWERED,
        K.COUPON_GIVEN,
        K.POINTS_GIVEN,
        K.DEPOSIT_GIVEN,
        K.COUPON_EXPIRES,
        K.CAMPAIGN_BEGUN,
        K.CAMPAIGN_OVER,
    ),
    Topic.DESK: (
        K.PART_RELEASED,
        K.DEADLINE_NEAR,
        K.TICKET_OPENED,
        K.TICKET_WRITTEN,
        K.TICKETS_NEAR,
        K.REVIEW_WRITTEN,
        K.QUESTION_ASKED,
    ),
}
TOPIC_OF_KIND: Final[Mapping[str, Topic]] = {kind: topic for topic, kinds in _KINDS.items() for kind in kinds}
TOPIC_OF_MAIL: Final[Mapping[str, Topic]] = {
    "shipment": Topic.DELIVERY,
    "mileage_ending": Topic.BALANCES,
    "top_up": Topic.BALANCES,
    "ticket": Topic.TICKETS,
    "coupon": Topic.GOODS,
    "offer": Topic.GOODS,
    "review_invitation": Topic.GOODS,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants of one topic. What comes in a digest stands behind the bell too, whence it is counted."""

    bell: bool = True
    mail: ByMail = ByMail.NOW

    @property
    def keeps_notices(self) -> bool:
        return self.bell or self.mail is ByMail.DIGEST


@dataclass(frozen=True, slots=True)
class NoticeWishes:
    """All that somebody has chosen. Quiet hours are whole hours of his zone, from one to the other, over midnight or
    not; None where he has none."""

    choices: Mapping[Topic, Choice] = field(default_factory=dict)
    quiet: tuple[int, int] | None = None
    zone: str = "UTC"

    def of(self, topic: Topic) -> Choice:
        return self.choices.get(topic, Choice())

    @property
    def digest_topics(self) -> frozenset[Topic]:
        return frozenset(topic for topic in Topic if self.of(topic).mail is ByMail.DIGEST)


def quiet_until(at: datetime, wishes: NoticeWishes) -> datetime:
    """When a mail of `at` may be sent: at once, or when the quiet hours in which it falls are over."""
    if wishes.quiet is None or wishes.quiet[0] == wishes.quiet[1]:
        return at
    first, last = wishes.quiet
    local = at.astimezone(ZoneInfo(wishes.zone))
    is_quiet = first <= local.hour < last if first < last else local.hour >= first or local.hour < last
    if not is_quiet:
        return at
    day = local.date() + timedelta(days=1) if first > last and local.hour >= first else local.date()
    return datetime.combine(day, time(last), tzinfo=local.tzinfo).astimezone(at.tzinfo)


def next_digest(at: datetime, zone: str) -> datetime:
    """The next moment after `at` at which a digest is written."""
    local = at.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), time(DIGEST_HOUR), tzinfo=local.tzinfo)
    due = (
        today
        if today > local
        else datetime.combine(local.date() + timedelta(days=1), time(DIGEST_HOUR), tzinfo=local.tzinfo)
    )
    return due.astimezone(at.tzinfo)


def read_choices(body: Mapping[str, Any]) -> dict[Topic, Choice]:
    """Choices as they are kept; a topic that nobody knows any more is left out."""
    return {
        Topic(name): Choice(bool(one.get("bell", True)), ByMail(one.get("mail", ByMail.NOW)))
        for name, one in body.items()
        if name in set(Topic)
    }


def write_choices(choices: Mapping[Topic, Choice]) -> dict[str, Any]:
    """Choices to be kept."""
    return {topic.value: {"bell": one.bell, "mail": one.mail.value} for topic, one in choices.items()}
