"""Only on these channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Named, Phrase
from portal.rules.pricing import PricedLine

CHANNELS = Field("channel_ids", N_("Channels"), Kind.IDS, source="channel")


@register("channel")
@dataclass(frozen=True, slots=True)
class Channel(Condition):
    """`channel_ids`: where the coupon is valid."""

    channel_ids: frozenset[int]

    title = N_("Channel")
    group = Group.PLACE
    fields = (CHANNELS,)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        found = list_of(params, CHANNELS)
        if not found:
            raise FieldError(CHANNELS.name, N_("Choose at least one channel."))
        return cls(found)

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("on %(channels)s"), {"channels": Named.of("channel", self.channel_ids)}),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if facts.channel_id in self.channel_ids:
            return None
        return reject(Code.WRONG_CHANNEL, channels=Named.of("channel", self.channel_ids))
