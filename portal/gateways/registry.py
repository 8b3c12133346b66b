"""The one list of gateways: those of the house and those of installed packages (PAY-02)."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from portal.gateways.adyen import ADYEN
from portal.gateways.base import Gateway
from portal.gateways.connector import Connector
from portal.gateways.hosted import PAYLINK
from portal.gateways.house import INVOICE
from portal.gateways.portone import PORTONE
from portal.gateways.stripe import STRIPE

BUILT_IN: tuple[Connector, ...] = (STRIPE, PAYLINK, ADYEN, PORTONE)
# What no vendor stands behind.
HOUSE: tuple[Connector, ...] = (INVOICE,)
ENTRY_POINTS = "portal.gateways"  # Each entry point of this group names a Connector.


class UnknownGatewayError(LookupError):
    """No connector of this name is installed."""


@cache
def connectors() -> Mapping[str, Connector]:
    """Every connector by name. One from a package cannot take the place of one of the house.

    Raises ValueError for two connectors of one name, TypeError for an entry point that is not a Connector.
    """
    found = {each.name: each for each in (*BUILT_IN, *HOUSE)}
    for entry in entry_points(group=ENTRY_POINTS):
        connector = entry.load()
        if not isinstance(connector, Connector):
            raise TypeError(f"{entry.value} is not a Connector")
        if connector.name in found:
            raise ValueError(f"{entry.value}: there is a gateway called {connector.name} already")
        found[connector.name] = connector
    return found


def build(name: str, settings: Mapping[str, str]) -> Gateway:
    """Make a gateway. Calls nobody.

    Raises UnknownGatewayError, or GatewayConfigError for settings that cannot be right.
    """
    connector = connectors().get(name)
    if connector is None:
        raise UnknownGatewayError(name)
    return connector.build(settings)


def settings_from(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """The settings of a gateway from environment variables: `secret_key` of stripe is STRIPE_SECRET_KEY."""
    connector = connectors().get(name)
    if connector is None:
        raise UnknownGatewayError(name)
    prefix = f"{name.upper()}_"
    names = (each.name for each in connector.settings)
    return {each: environ[prefix + each.upper()] for each in names if prefix + each.upper() in environ}
