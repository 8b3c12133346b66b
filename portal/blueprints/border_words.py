"""What kinds of rules of borders are called."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_
from portal.rules.borders import BorderKind

BORDER_KINDS: Mapping[str, str] = {
    BorderKind.DELIVERS: N_("The channel delivers there"),
    BorderKind.BARRED: N_("Goods are not delivered there"),
    BorderKind.VALUE_MAX: N_("A shipment from abroad is worth at most"),
    BorderKind.CODE_ABOVE: N_("Customs ask for the buyer's own code above"),
    BorderKind.DUTY_FREE: N_("Free of duty up to"),
    BorderKind.DUTY_RATE: N_("Rate of duty above the free value"),
    BorderKind.DATA_STAYS: N_("Partners there get no personal data of buyers"),
}
