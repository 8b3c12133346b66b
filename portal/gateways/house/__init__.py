"""What the house itself is the gateway of: invoices that are paid later."""

from portal.gateways.house.invoice import INVOICE

__all__ = ["INVOICE"]
