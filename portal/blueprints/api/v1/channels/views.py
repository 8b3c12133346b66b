"""Channels and their life, through the services of the administrators' desk (CHN-01, CHN-02)."""

from __future__ import annotations

from datetime import timedelta

from portal.blueprints.access import NotFoundError
from portal.blueprints.api import once
from portal.blueprints.api.files import BODY_BYTES_MAX, UNFIT, read_attachments
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_CHANNELS, FOR_MALL, PathValue, Reply, operation
from portal.blueprints.api.schemas import BIGINT_MAX
from portal.blueprints.api.v1.channels import examples
from portal.blueprints.api.v1.channels.schemas import (
    Channel,
    ChannelChange,
    ChannelIn,
    ChannelItem,
    ChannelList,
    ChannelMove,
    ChannelStep,
    LogoIn,
    RequirementState,
    Tick,
    terms_of,
)
from portal.blueprints.api.v1.overrides import decision_out
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.file_kinds import PICTURES
from portal.queries.channel_life import (
    list_all_channels,
    list_moves,
    load_channel,
    manager_email,
    met_requirements,
)
from portal.queries.channels import forget_channels
from portal.queries.house_rules import decisions_of
from portal.rules.channels import BY_HAND, MOVES, Requirement, State
from portal.rules.overrides import BRAND_TERMS
from portal.rules.permissions import Permission, may
from portal.services.accounts.throttle import TooOftenError
from portal.services.channels.move_channel import (
    ChannelMoveRefusedError,
    RequirementUnfitError,
    move_channel,
    tick_requirement,
)
from portal.services.channels.save_channel import (
    ChannelChangedError,
    ChannelUnfitError,
    ChannelUnknownError,
    save_channel,
)
from portal.services.channels.save_logo import save_logo

TAG = "Channels"
_ID = {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}
CHANNEL = {"channel_id": PathValue("The channel's id.", _ID, examples.CHANNEL_ID)}
NAMED = {**CHANNEL, "requirement": PathValue("Which requirement.", {"type": "string"}, "support")}


@operation(
    "GET",
    "/channels",
    tag=TAG,
    summary="List channels",
    description="All, or those that the key's person manages.",
    permission=Permission.CHANNEL_VIEW,
    answer=ChannelList,
    example=examples.LIST,
)
def list_mall_channels() -> ChannelList:
    with reading() as session:
        rows = [
            one for one in list_all_channels(session) if may(api_actor(), Permission.CHANNEL_VIEW, channel_id=one.id)
        ]
    return ChannelList(
        items=[
            ChannelItem(
                id=row.id,
                code=row.code,
                name=row.name,
                currency=row.currency,
                country=row.country,
                state=row.state,  # type: ignore[arg-type]  # One of the machine's states.
            )
            for row in rows
        ]
    )


@operation(
    "GET",
    "/channels/<int:channel_id>",
    tag=TAG,
    summary="Show a channel",
    description="With its requirements, its moves, and where it can go.",
    permission=Permission.CHANNEL_VIEW,
    answer=Channel,
    example=examples.CHANNEL,
    path_values=CHANNEL,
    refusals=(NotFoundError,),
)
def show_channel(channel_id: int) -> Channel:
    return _shown(channel_id)


@operation(
    "POST",
    "/channels/<int:channel_id>/state",
    tag=TAG,
    summary="Move a channel",
    description=(
        "By the rules of its life: who asked for approval does not give it, what opens meets its requirements, and "
        "what takes no orders tells its buyers why. Buyers and sellers hear of it; every page knows in two seconds."
    ),
    permission=Permission.CHANNEL_CONFIGURE,
    body=ChannelStep,
    body_example=examples.STEP,
    answer=Channel,
    example=examples.CHANNEL,
    path_values=CHANNEL,
    refusals=(ChannelUnknownError, ChannelChangedError, ChannelMoveRefusedError("")),
)
def move_mall_channel(channel_id: int, body: ChannelStep) -> Channel:
    actor, now = api_actor(), clock.now()
    _shown(channel_id)
    atomically(
        lambda s: move_channel(
            s,
            channel_id=channel_id,
            version=body.version,
            new=State(body.state),
            note=body.note,
            actor=actor,
            now=now,
        )
    )
    forget_channels()
    return _shown(channel_id)


@operation(
    "PUT",
    "/channels/<int:channel_id>/requirements/<string:requirement>",
    tag=TAG,
    summary="Tick a requirement",
    description="One of those that are said `by_hand`; the others are looked up.",
    permission=Permission.CHANNEL_CONFIGURE,
    body=Tick,
    body_example=examples.TICK,
    answer=Channel,
    example=examples.CHANNEL,
    path_values=NAMED,
    refusals=(ChannelUnknownError, ChannelChangedError, RequirementUnfitError),
)
def tick_mall_requirement(channel_id: int, requirement: str, body: Tick) -> Channel:
    actor, now = api_actor(), clock.now()
    _shown(channel_id)
    if requirement not in set(Requirement):
        raise ChannelUnknownError
    atomically(
        lambda s: tick_requirement(
            s,
            channel_id=channel_id,
            version=body.version,
            requirement=Requirement(requirement),
            done=body.is_met,
            actor=actor,
            now=now,
        )
    )
    return _shown(channel_id)


@operation(
    "POST",
    "/channels",
    tag=TAG,
    summary="Make a channel",
    description="A draft: nobody sees it before it is approved and opened.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=ChannelIn,
    body_example=examples.TERMS,
    answer=Channel,
    status=201,
    answer_text="The draft.",
    example=examples.CHANNEL,
    refusals=(ChannelUnfitError({}), *once.REFUSALS),
    is_idempotent=True,
    headers=once.HEADERS,
)
def make_mall_channel(body: ChannelIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    channel_id, headers = once.make_once(
        key,
        scope="channel",
        body=body,
        make=lambda s: save_channel(
            s, channel_id=None, version=None, terms=terms_of(body), why=body.why, actor=actor, now=now
        ),
    )
    forget_channels()
    return Reply(_shown(channel_id), 201, headers)


@operation(
    "PUT",
    "/channels/<int:channel_id>",
    tag=TAG,
    summary="Change a channel",
    description=(
        "All that it says of itself is as it is sent; names, colours and texts that change need a reason. Its manager "
        "changes it, but hands it to nobody."
    ),
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_CHANNELS,
    body=ChannelChange,
    body_example=examples.CHANGE,
    answer=Channel,
    example=examples.CHANNEL,
    path_values=CHANNEL,
    refusals=(NotFoundError, ChannelUnknownError, ChannelChangedError, ChannelUnfitError({})),
)
def change_mall_channel(channel_id: int, body: ChannelChange) -> Channel:
    actor, now = api_actor(), clock.now()
    _shown(channel_id)
    atomically(
        lambda s: save_channel(
            s, channel_id=channel_id, version=body.version, terms=terms_of(body), why=body.why, actor=actor, now=now
        )
    )
    forget_channels()
    return _shown(channel_id)


@operation(
    "PUT",
    "/channels/<int:channel_id>/logo",
    tag=TAG,
    summary="Give a channel a logo",
    description="A picture, drawn anew before it is kept; without one the channel has none.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_CHANNELS,
    body=LogoIn,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=examples.LOGO,
    answer=Channel,
    example=examples.CHANNEL,
    path_values=CHANNEL,
    refusals=(
        NotFoundError,
        ChannelUnknownError,
        ChannelChangedError,
        ChannelUnfitError({}),
        *UNFIT,
        TooOftenError(timedelta(minutes=30)),
    ),
)
def put_channel_logo(channel_id: int, body: LogoIn) -> Channel:
    actor, now = api_actor(), clock.now()
    _shown(channel_id)
    # Made safe before anything is locked.
    files = read_attachments([body.file] if body.file else [], taken=PICTURES, files_max=1)
    file = files[0] if files else None
    atomically(
        lambda s: save_logo(
            s, channel_id=channel_id, version=body.version, file=file, why=body.why, actor=actor, now=now
        )
    )
    forget_channels()
    return _shown(channel_id)


def _shown(channel_id: int) -> Channel:
    with reading() as session:
        is_seen = may(api_actor(), Permission.CHANNEL_VIEW, channel_id=channel_id)
        row = load_channel(session, channel_id) if is_seen and channel_id <= BIGINT_MAX else None
        if row is None:
            raise NotFoundError
        met = met_requirements(session, row, now=clock.now())
        moves = list_moves(session, row.id)
        decisions = decisions_of(session, channel_id=row.id, terms=BRAND_TERMS)
        return Channel(
            id=row.id,
            code=row.code,
            name=row.name,
            currency=row.currency,
            country=row.country,
            state=row.state,  # type: ignore[arg-type]  # One of the machine's states.
            default_locale=row.default_locale,
            locales=list(row.locales),
            time_zone=row.time_zone,
            hosts=list(row.hosts),
            support_email=row.support_email,
            colour=row.brand.get("colour"),
            logo=row.brand.get("logo"),
            issuer=row.policy.get("issuer", {}),
            manager=manager_email(session, row.id) or None,
            kind=row.kind,  # type: ignore[arg-type]  # As above.
            legal=row.legal,
            extensions=row.extensions,
            notices=row.notices,
            next_states=[one.value for one in MOVES[State(row.state)]],
            requirements=[
                RequirementState(requirement=one.value, is_met=one in met, by_hand=one in BY_HAND)
                for one in Requirement
            ],
            moves=[
                ChannelMove(from_state=one.from_state, to_state=one.to_state, note=one.note, at=one.at) for one in moves
            ],
            decisions=[decision_out(one) for one in decisions],
            version=row.version,
        )
