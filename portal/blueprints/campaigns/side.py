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
from portal.queries.campaigns import CampaignRow, load_campaign
from portal.rules.permissions import Permission
from portal.services.coupons.guard import may_issue


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
    if not sees and not may_issue(current_actor(), row.draft.store_id, permission):
        raise NotFoundError
    return row, side


def runs_on(row: CampaignRow, channel_ids: Collection[int]) -> bool:
    """Whether a campaign runs on one of these channels; one that names none runs on all."""
    named = [one.params.get("channel_ids", ()) for one in row.draft.conditions if one.name == "channel"]
    return all(set(one) & set(channel_ids) for one in named)


def tabs_of(side: Side, campaign_id: int, current: str) -> list[dict[str, Any]]:
    """The pages of a campaign: its terms, what came of it, its coupons in people's hands."""
    pages = [
        ("campaign", _("Overview")),
        ("campaign_figures", _("Figures")),
        ("campaign_dry_run", _("Dry run")),
        ("campaign_codes", _("Codes")),
        ("campaign_holders", _("Holders")),
        ("campaign_uses", _("Uses")),
        ("campaign_abuse", _("Abuse")),
    ]
    pages = pages if side.channel_ids is None else pages[:1]
    return [
        {"label": label, "href": side.to(name, campaign_id=campaign_id), "current": name == current}
        for name, label in pages
    ]
