"""The pipeline of all stores: where parts stand, what is late, and how carriers do (ORD-11)."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.risk_words import told_span
from portal.db import reading
from portal.kit import clock
from portal.queries.pipeline import carrier_figures, late_parts, load_stages, troubled_parcels
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/fulfilment", "fulfilment", show)


@requires_all(Permission.ORDER_LIST)
def show() -> ResponseReturnValue:
    """States with ages, missed deadlines, carriers."""
    now = clock.now()
    with reading() as session:
        stages = load_stages(session, now=now)
        late = late_parts(session)
        troubled = troubled_parcels(session, now=now)
        carriers = carrier_figures(session, now=now)
        frame = around(session, "admin.fulfilment")
    return render_template(
        "admin/fulfilment.html",
        stages=stages,
        late=late,
        troubled=troubled,
        carriers=carriers,
        age_of=lambda at: told_span(now - at),
        **frame,
    )
