"""Why something of the catalogue may not be."""

from __future__ import annotations

from portal.kit.errors import PortalError
from portal.kit.text import N_


class CatalogueForbiddenError(PortalError):
    """The actor may not change this store's goods (IDN-02)."""

    code = "catalogue_forbidden"
    status = 403
    sentence = N_("Only the store itself or an administrator can change what it sells.")


class SkuTakenError(PortalError):
    code = "sku_taken"
    status = 409
    sentence = N_("The SKU %(sku)s belongs to another product.")


class PriceInvalidError(PortalError):
    code = "price_invalid"
    sentence = N_("The price of %(sku)s must be zero or more, and lower than the price it is compared with.")


class ChannelUnknownError(PortalError):
    code = "channel_unknown"
    sentence = N_("There is no such channel.")


class StockInvalidError(PortalError):
    code = "stock_invalid"
    sentence = N_("A stock must be a whole number from 0 to 1,000,000,000.")


class StockReservedError(PortalError):
    """Less would be on hand than open orders have reserved."""

    code = "stock_reserved"
    status = 409
    sentence = N_("%(reserved)s units are reserved for open orders: the stock cannot be below that.")
