"""On which desk a page of a campaign stands, and what the pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.campaigns.side import page_tabs
from portal.blueprints.context import translated
from portal.blueprints.desk import requires_in
from portal.blueprints.identity import current_actor
from portal.kit.text import N_
from portal.queries.campaign_hands import CampaignHead, load_head
from portal.rules.permissions import Permission, Scope
from portal.services.coupons.guard import channels_of, may_run
from portal.services.coupons.move_campaign import MOVES

# What can be done with a campaign as a whole, by where it goes; the words are those of the links.
MOVE_WORDS = {"paused": N_("Pause"), "running": N_("Let it go on"), "revoked": N_("Withdraw")}
AreaView = Callable[..., ResponseReturnValue]


def campaign_moves(state: str) -> list[tuple[str, str]]:
    """Where a campaign in this state may go, with the words of the links."""
    return [(new, gettext(words)) for new, words in MOVE_WORDS.items() if new in MOVES.get(state, frozenset())]


@dataclass(frozen=True)
class Area:
    """A desk: its blueprint, how far its people's permissions reach, and what stands around its pages.

    `managers` lets in who holds a permission for some channels too; None where a desk is for no manager.
    """

    name: str
    scope: Scope
    managers: Callable[[Permission], Callable[[AreaView], AreaView]] | None
    around: Callable[[Session, CampaignHead], dict[str, Any]]

    def add(
        self,
        bp: Blueprint,
        rule: str,
        endpoint: str,
        view: AreaView,
        *,
        permission: Permission = Permission.COUPON_VIEW,
        methods: tuple[str, ...] = ("GET",),
        is_nameless: bool = False,
    ) -> None:
        """Hang a view that takes the area first. One that names nobody is for managers too, where there are any."""
        lets_in = self.managers if is_nameless and self.managers else partial(requires_in, scope=self.scope)
        guarded = lets_in(permission)(partial(view, self))
        bp.add_url_rule(f"/campaigns/<int:campaign_id>{rule}", endpoint, guarded, methods=list(methods))

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of a page on this desk."""
        return url_for(f"{self.name}.{endpoint}", **values)

    def campaign(self, session: Session, campaign_id: int) -> CampaignHead:
        """The campaign, for whoever may see it. Raises NotFoundError."""
        found = load_head(session, campaign_id=campaign_id)
        may = Permission.COUPON_VIEW
        if found is None or not may_run(current_actor(), found.store_id, channels_of(found.conditions), may):
            raise NotFoundError
        return found

    def frame(self, session: Session, campaign: CampaignHead, tab: str) -> dict[str, Any]:
        """What every page of a campaign shows: head, tabs, whether one may act."""
        store_id, only_on = campaign.store_id, channels_of(campaign.conditions)
        return {
            "area": self,
            "campaign": campaign,
            "campaign_name": translated(campaign.name),
            "campaign_tabs": page_tabs(self.url, campaign.id, tab, store_id=store_id, only_on=only_on),
            "may_act": may_run(current_actor(), store_id, only_on),
            "campaign_moves": campaign_moves(campaign.state),
            **self.around(session, campaign),
        }
