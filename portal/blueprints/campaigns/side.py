"""A desk as the pages of campaigns need it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.identity import current_actor
from portal.queries.campaign_things import Options
from portal.queries.campaigns import CampaignRow, load_campaign
from portal.rules.permissions import Permission
from portal.services.coupons.guard import channels_of, may_issue, may_run


@dataclass(frozen=True, slots=True)
class Side:
    """A desk as these pages need it. `store_id` is whose new campaigns are; None is the platform."""

    blueprint: str
    store_id: int | None
    store_ids: tuple[int, ...] | None
    frame: Mapping[str, Any]
    store_arg: str | None = None
    # Of which channels one sees the campaigns that run there, and nothing else of them; None is all.
    channel_ids: tuple[int, ...] | None = None

    def choices(self, options: Options) -> Options:
        """What conditions let one choose from here: of the channels only those that one manages."""
        if self.channel_ids is None:
            return options
        own = {str(one) for one in self.channel_ids}
        return {**options, "channel": [one for one in options["channel"] if one.key in own]}

    def to(self, name: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{name}", store=self.store_arg, **values)


# Opens the desk for a campaign of this store, or for the one that is asked for; None without any store.
Enter = Callable[[Session, int | None], Side | None]


def open_campaign(session: Session, enter: Enter, campaign_id: int, permission: Permission) -> tuple[CampaignRow, Side]:
    """The campaign and its desk; one that is somebody else's is not there."""
    row = load_campaign(session, campaign_id=campaign_id)
    side = enter(session, row.draft.store_id) if row is not None else None
    if row is None or side is None:
        raise NotFoundError
    sees = permission is Permission.COUPON_VIEW and side.channel_ids is not None and runs_on(row, side.channel_ids)
    if not sees and not may_run(current_actor(), row.draft.store_id, channels_of(row.draft.conditions), permission):
        raise NotFoundError
    return row, side


def runs_on(row: CampaignRow, channel_ids: Collection[int]) -> bool:
    """Whether a campaign runs on one of these channels; one that names none runs on all."""
    named = [one.params.get("channel_ids", ()) for one in row.draft.conditions if one.name == "channel"]
    return all(set(one) & set(channel_ids) for one in named)


def tabs_of(side: Side, row: CampaignRow, current: str) -> list[dict[str, Any]]:
    """The pages of a campaign at a desk."""
    only_on = channels_of(row.draft.conditions)
    return page_tabs(side.to, row.id, current, store_id=row.draft.store_id, only_on=only_on)


def page_tabs(
    to: Callable[..., str], campaign_id: int, current: str, *, store_id: int | None, only_on: Collection[int]
) -> list[dict[str, Any]]:
    """The pages of a campaign: its terms, what came of it, its coupons in people's hands.

    A manager finds those that name nobody: the terms, and the codes of a campaign of his own.
    """
    pages = [
        ("campaign", _("Overview")),
        ("campaign_figures", _("Figures")),
        ("campaign_dry_run", _("Dry run")),
        ("campaign_codes", _("Codes")),
        ("campaign_holders", _("Holders")),
        ("campaign_uses", _("Uses")),
        ("campaign_abuse", _("Abuse")),
    ]
    if not may_issue(current_actor(), store_id, Permission.COUPON_VIEW):
        own = {"campaign", "campaign_codes"} if may_run(current_actor(), store_id, only_on) else {"campaign"}
        pages = [one for one in pages if one[0] in own]
    return [
        {"label": label, "href": to(name, campaign_id=campaign_id), "current": name == current} for name, label in pages
    ]
