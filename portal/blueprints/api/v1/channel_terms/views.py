"""Terms of channels, rules of the house and the end of a channel, through the services of the desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g
from flask_babel import gettext

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_CHANNELS, FOR_MALL, PathValue, operation
from portal.blueprints.api.problems import RequestInvalidError
from portal.blueprints.api.schemas import BIGINT_MAX, FieldProblem
from portal.blueprints.api.v1.channel_terms import examples
from portal.blueprints.api.v1.channel_terms.schemas import (
    ChannelTermsOut,
    EndIn,
    HouseRules,
    Note,
    RuleIn,
    RuleOut,
    StandingOut,
    TermOut,
    TermsChange,
    WindUp,
)
from portal.blueprints.api.v1.channels.views import CHANNEL
from portal.blueprints.api.v1.overrides import decision_out
from portal.db import atomically, reading
from portal.kit import clock
from portal.models import Channel
from portal.queries.channel_life import load_channel
from portal.queries.channels import forget_channels
from portal.queries.house_rules import decisions_of, fixed_terms, newest_rules, standings
from portal.queries.winding_up import count_left, load_wind_up
from portal.rules.channel_policy import TERMS, kept_of, usual_of, written_of
from portal.rules.exports import OPEN_MAX
from portal.rules.permissions import Permission, may
from portal.services.channels.house_rules import HouseRuleForbiddenError, RuleOutdatedError, confirm_rule, write_rule
from portal.services.channels.save_channel import ChannelChangedError, ChannelUnfitError, ChannelUnknownError
from portal.services.channels.save_policy import save_policy
from portal.services.exports.ask_export import TooManyListExportsError
from portal.services.winding_up.wind_up_channel import (
    SuccessorUnfitError,
    WindUpForbiddenError,
    WindUpUntimelyError,
    wind_up_channel,
)

TAG = "Channels"
CONFIRMED = {
    **CHANNEL,
    "rule_id": PathValue("The rule's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.RULE_ID),
}


@operation(
    "GET",
    "/channels/<int:channel_id>/terms",
    tag=TAG,
    summary="Show the terms of a channel",
    description="Its limits beside the mall's own, and the decisions by which it differs.",
    permission=Permission.CHANNEL_VIEW,
    answer=ChannelTermsOut,
    example=examples.TERMS,
    path_values=CHANNEL,
    refusals=(NotFoundError,),
)
def show_channel_terms(channel_id: int) -> ChannelTermsOut:
    return _terms(channel_id)


@operation(
    "PUT",
    "/channels/<int:channel_id>/terms",
    tag=TAG,
    summary="Change the terms of a channel",
    description="All in which it differs is as it is sent. Each change is a decision, kept with its reason.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_CHANNELS,
    body=TermsChange,
    body_example=examples.CHANGE,
    answer=ChannelTermsOut,
    example=examples.TERMS,
    path_values=CHANNEL,
    refusals=(NotFoundError, ChannelUnknownError, ChannelChangedError),
)
def change_channel_terms(channel_id: int, body: TermsChange) -> ChannelTermsOut:
    actor, now, currency = api_actor(), clock.now(), load_seen_channel(channel_id).currency
    missing = gettext("There is no such term.")
    if unknown := sorted(body.values.keys() - TERMS.keys()):
        raise RequestInvalidError(
            [FieldProblem(field=f"values.{name}", code="unknown", detail=missing) for name in unknown]
        )
    typed = {
        name: written_of(term, body.values.get(name), currency) if body.values.get(name) is not None else ""
        for name, term in TERMS.items()
    }
    with faults_told("values."):
        atomically(
            lambda s: save_policy(
                s, channel_id=channel_id, version=body.version, typed=typed, why=body.why, actor=actor, now=now
            )
        )
    forget_channels()
    return _terms(channel_id)


@operation(
    "GET",
    "/house-rules",
    tag=TAG,
    summary="Show what the mall asks of its channels",
    description="The newest version of each rule, and how each channel stands to it.",
    permission=Permission.CHANNEL_VIEW,
    within=FOR_MALL,
    answer=HouseRules,
    example=examples.RULES,
)
def show_house_rules() -> HouseRules:
    return _rules()


@operation(
    "POST",
    "/house-rules",
    tag=TAG,
    summary="Write the next version of a rule",
    description="Channels have until its day; then they go without the named features until they are confirmed.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=RuleIn,
    body_example=examples.NEW_RULE,
    answer=HouseRules,
    status=201,
    answer_text="The rule is written.",
    example=examples.RULES,
    refusals=(HouseRuleForbiddenError, RuleOutdatedError),
)
def write_house_rule(body: RuleIn) -> HouseRules:
    actor, now = api_actor(), clock.now()
    with faults_told():
        atomically(
            lambda s: write_rule(
                s,
                kind=body.kind,
                words=dict(body.words),
                features=list(body.features),
                fixed=body.fixed,
                due_at=body.due_at or now,
                actor=actor,
                now=now,
            )
        )
    forget_channels()
    return _rules()


@operation(
    "POST",
    "/house-rules/<int:rule_id>/channels/<int:channel_id>/confirmation",
    tag=TAG,
    summary="Say that a channel is as a rule asks",
    description="What it had lost is there again within two seconds.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=Note,
    body_example=examples.NOTE,
    answer=HouseRules,
    example=examples.RULES,
    path_values=CONFIRMED,
    refusals=(HouseRuleForbiddenError, RuleOutdatedError, ChannelUnknownError),
)
def confirm_house_rule(rule_id: int, channel_id: int, body: Note) -> HouseRules:
    actor, now = api_actor(), clock.now()
    with faults_told():
        atomically(
            lambda s: confirm_rule(s, channel_id=channel_id, rule_id=rule_id, note=body.note, actor=actor, now=now)
        )
    forget_channels()
    return _rules()


@operation(
    "GET",
    "/channels/<int:channel_id>/wind-up",
    tag=TAG,
    summary="Show what a channel leaves",
    description="Before its end what it would leave, after it what became of that.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    answer=WindUp,
    example=examples.WIND_UP,
    path_values=CHANNEL,
    refusals=(NotFoundError,),
)
def show_wind_up(channel_id: int) -> WindUp:
    return _wind_up(channel_id)


@operation(
    "POST",
    "/channels/<int:channel_id>/wind-up",
    tag=TAG,
    summary="Wind a channel up",
    description="Its lists are saved as files, tickets and automations handed over, its keys and webhooks ended.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=EndIn,
    body_example=examples.END,
    answer=WindUp,
    example=examples.WIND_UP,
    path_values=CHANNEL,
    refusals=(
        NotFoundError,
        ChannelUnknownError,
        ChannelChangedError,
        WindUpForbiddenError,
        WindUpUntimelyError,
        SuccessorUnfitError,
        TooManyListExportsError(most=OPEN_MAX),
    ),
)
def wind_up_mall_channel(channel_id: int, body: EndIn) -> WindUp:
    actor, now = api_actor(), clock.now()
    load_seen_channel(channel_id)
    atomically(
        lambda s: wind_up_channel(
            s,
            channel_id=channel_id,
            version=body.version,
            successor_id=body.successor_id,
            locale=g.locale,
            actor=actor,
            now=now,
        )
    )
    forget_channels()
    return _wind_up(channel_id)


def load_seen_channel(channel_id: int) -> Channel:
    """A channel that the key's person may look at. Raises NotFoundError."""
    is_seen = channel_id <= BIGINT_MAX and may(api_actor(), Permission.CHANNEL_VIEW, channel_id=channel_id)
    with reading() as session:
        row = load_channel(session, channel_id) if is_seen else None
    if row is None:
        raise NotFoundError
    return row


@contextmanager
def faults_told(within: str = "") -> Iterator[None]:
    """Faults of a form as those of a request; `within` is put before the names of fields that are terms."""
    try:
        yield
    except ChannelUnfitError as error:
        raise RequestInvalidError(
            [
                FieldProblem(field=f"{within if name in TERMS else ''}{name}", code="unfit", detail=gettext(words))
                for name, words in error.faults.items()
            ]
        ) from error


def _terms(channel_id: int) -> ChannelTermsOut:
    row = load_seen_channel(channel_id)
    kept = kept_of(row.policy, row.currency)
    with reading() as session:
        fixed = fixed_terms(session)
        decisions = decisions_of(session, channel_id=row.id)
    return ChannelTermsOut(
        terms=[
            TermOut(
                name=name,
                label=gettext(term.label),
                kind=term.kind.value,
                value=kept[name],
                usual=usual_of(term, row.currency),
                is_fixed=name in fixed,
            )
            for name, term in TERMS.items()
        ],
        decisions=[decision_out(one) for one in decisions],
        version=row.version,
    )


def _rules() -> HouseRules:
    with reading() as session:
        rules, found = newest_rules(session), standings(session)
    return HouseRules(
        rules=[
            RuleOut(
                id=one.id,
                kind=one.kind,  # type: ignore[arg-type]  # One of the kinds.
                version=one.version,
                words=one.words,
                features=one.features,  # type: ignore[arg-type]  # As above.
                fixed=one.fixed,
                due_at=one.due_at,
            )
            for one in rules
        ],
        standings=[
            StandingOut(
                channel_id=one.channel_id,
                rule_id=one.rule_id,
                kind=one.kind,  # type: ignore[arg-type]  # As above.
                version=one.version,
                is_blocked=one.is_blocked,
                confirmed_by=one.by,
                confirmed_at=one.at,
                note=one.note,
            )
            for one in found
        ],
    )


def _wind_up(channel_id: int) -> WindUp:
    row = load_seen_channel(channel_id)
    with reading() as session:
        done = load_wind_up(session, channel_id=row.id)
        counts = done.handed if done else count_left(session, channel_id=row.id)
    return WindUp(
        is_done=done is not None,
        counts=dict(counts),
        successor_id=done.successor_id if done else None,
        exports=[one.id for one in done.exports] if done else [],
        by=done.done_by if done else None,
        at=done.done_at if done else None,
        version=row.version,
    )
