"""The logo of a channel: a picture from a file, drawn anew before it is kept (CHN-01)."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.admin.desk import requires_channel
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.uploads import read_files, takes_files
from portal.blueprints.versions import shown_version
from portal.db import atomically
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES
from portal.queries.channels import forget_channels
from portal.rules.permissions import Permission
from portal.services.channels.save_channel import ChannelUnfitError
from portal.services.channels.save_logo import save_logo


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/channels/<int:channel_id>/logo", "channel_logo", save, methods=["POST"])


@requires_channel(Permission.CHANNEL_CONFIGURE)
@takes_files
def save(channel_id: int) -> ResponseReturnValue:
    """Keep the picture that was sent; without one, or with `remove`, the channel has none."""
    actor, now, version = current_actor(), clock.now(), shown_version()
    try:
        files = () if request.form.get("remove") else read_files("logo_file", taken=PICTURES, files_max=1)
        if not files and not request.form.get("remove"):
            flash(_("Choose a picture first."), "warning")
            return done(location=url_for("admin.channel", channel_id=channel_id))
        atomically(
            lambda session: save_logo(
                session,
                channel_id=channel_id,
                version=version,
                file=files[0] if files else None,
                why=request.form.get("why", "").replace("\0", ""),
                actor=actor,
                now=now,
            )
        )
    except ChannelUnfitError as error:
        flash(gettext(error.faults["why"]), "warning")
        return done(location=url_for("admin.channel", channel_id=channel_id))
    except PortalError as error:
        flash(say(error), "warning")
        return done(location=url_for("admin.channel", channel_id=channel_id))
    forget_channels()
    flash(_("The logo is saved, on every page within two seconds."), "success")
    return done(location=url_for("admin.channel", channel_id=channel_id))
