"""What the channel says while it takes no orders, for pages that are open already (CHN-02)."""

from __future__ import annotations

from flask import render_template

from portal.blueprints.access import public
from portal.blueprints.identity import current_channel
from portal.blueprints.shop.blueprint import bp
from portal.queries.channels import channel_directory, forget_channels


@bp.get("/channel-notice")
@public
def channel_notice() -> str:
    """The message of now: a page asks once, when the channel has moved, and another process may have moved it."""
    code = current_channel().code
    forget_channels()
    return render_template("layouts/_channel_notice.html", channel_notice=channel_directory()[code].notice)
