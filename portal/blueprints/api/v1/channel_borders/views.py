"""Rules of a channel's borders, through the services of the desk (CHN-09)."""

from __future__ import annotations

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_CHANNELS, PathValue, Reply, operation
from portal.blueprints.api.schemas import BIGINT_MAX, Amount
from portal.blueprints.api.v1.channel_borders import examples
from portal.blueprints.api.v1.channel_borders.schemas import BorderRuleIn, BorderRuleOut, BorderRules, EndIn
from portal.blueprints.api.v1.channel_terms.views import faults_told, load_seen_channel
from portal.blueprints.api.v1.channels.views import CHANNEL
from portal.db import atomically, reading
from portal.kit import clock
from portal.models import BorderRule
from portal.queries.borders import list_border_rules
from portal.queries.channels import forget_channels
from portal.rules.permissions import Permission
from portal.services.channels.save_channel import ChannelUnknownError
from portal.services.channels.write_border_rule import (
    BorderRuleOverError,
    BorderStartError,
    BorderTerms,
    end_border_rule,
    set_border_rule,
)

TAG = "Channels"
RULE = {
    **CHANNEL,
    "rule_id": PathValue("The rule's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.RULE_ID),
}


@operation(
    "GET",
    "/channels/<int:channel_id>/borders",
    tag=TAG,
    summary="List the rules of a channel's borders",
    description="Where it delivers, which goods and amounts may cross, and who abroad learns who its buyers are.",
    permission=Permission.CHANNEL_VIEW,
    answer=BorderRules,
    example=examples.RULES,
    path_values=CHANNEL,
    refusals=(NotFoundError,),
)
def list_channel_borders(channel_id: int) -> BorderRules:
    return _rules(channel_id)


@operation(
    "POST",
    "/channels/<int:channel_id>/borders",
    tag=TAG,
    summary="Set a rule of a channel's borders",
    description="In force everywhere within two seconds. Orders placed before keep what was declared.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_CHANNELS,
    body=BorderRuleIn,
    body_example=examples.NEW,
    answer=BorderRules,
    status=201,
    answer_text="The rule is set.",
    example=examples.RULES,
    path_values=CHANNEL,
    refusals=(NotFoundError, ChannelUnknownError, BorderStartError),
)
def set_channel_border(channel_id: int, body: BorderRuleIn) -> Reply:
    actor, now = api_actor(), clock.now()
    load_seen_channel(channel_id)
    terms = BorderTerms(
        kind=body.kind,
        country=body.country,
        section_id=body.section_id,
        customs_code=body.customs_code,
        limit_minor=body.limit_minor,
        rate_basis_points=body.rate_basis_points,
        words=dict(body.words),
        note=body.note,
    )
    with faults_told():
        atomically(
            lambda s: set_border_rule(
                s, channel_id=channel_id, terms=terms, valid_from=body.valid_from, actor=actor, now=now
            )
        )
    forget_channels()
    return Reply(_rules(channel_id), 201)


@operation(
    "POST",
    "/channels/<int:channel_id>/borders/<int:rule_id>/end",
    tag=TAG,
    summary="End a rule of a channel's borders",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_CHANNELS,
    body=EndIn,
    body_example=examples.END,
    answer=BorderRules,
    example=examples.RULES,
    path_values=RULE,
    refusals=(NotFoundError, ChannelUnknownError, BorderRuleOverError),
)
def end_channel_border(channel_id: int, rule_id: int, body: EndIn) -> BorderRules:
    actor, now = api_actor(), clock.now()
    load_seen_channel(channel_id)
    with faults_told():
        atomically(
            lambda s: end_border_rule(s, channel_id=channel_id, rule_id=rule_id, note=body.note, actor=actor, now=now)
        )
    forget_channels()
    return _rules(channel_id)


def _rules(channel_id: int) -> BorderRules:
    channel = load_seen_channel(channel_id)
    with reading() as session:
        rows = list_border_rules(session, channel_id=channel.id)
    return BorderRules(items=[_rule(row, channel.currency) for row in rows])


def _rule(row: BorderRule, currency: str) -> BorderRuleOut:
    return BorderRuleOut(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]  # One of the kinds.
        country=row.country,
        section_id=row.section_id,
        customs_code=row.customs_code,
        limit=Amount.maybe(row.limit_minor, currency),
        rate_basis_points=row.rate_basis_points,
        words=row.words,
        note=row.note,
        valid_from=row.valid_from,
        set_by=row.set_by,
        ended_at=row.withdrawn_at,
        ended_by=row.withdrawn_by,
    )
