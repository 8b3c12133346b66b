"""Why an order earns what it earns, in words (BAL-04)."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.context import translated
from portal.services.checkout.earning import Earning


def earning_note(earning: Earning) -> str:
    """The campaign, the tier and the cap that made the points other than usual; nothing where they are as usual."""
    told = []
    places = dict.fromkeys(one for one in earning.earned.multiplier_rules if one is not None)
    for place in places:
        rule = earning.terms.rules[place - 1]
        told.append(
            _("%(name)s: %(times)s times.", name=rule.name, times=formatting.decimal(rule.multiplier or Decimal(1)))
        )
    if earning.tier is not None and earning.tier.multiplier != 1:
        name = translated(earning.tier.names)
        told.append(_("As %(name)s: %(times)s times.", name=name, times=formatting.decimal(earning.tier.multiplier)))
    if earning.earned.cap == "order":
        told.append(_("That is the most for one order."))
    elif earning.earned.cap == "month":
        told.append(_("That is the most for this month."))
    return " ".join(str(one) for one in told)
