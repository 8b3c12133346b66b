"""How a connector introduces itself: its name, what it must be told, and how it is made (PAY-02, PAY-05)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.gateways.base import Gateway


class GatewayConfigError(ValueError):
    """A setting is missing or wrong. Names the gateway and the setting, never the value."""

    def __init__(self, gateway: str, setting: str, problem: str) -> None:
        self.gateway = gateway
        self.setting = setting
        super().__init__(f"{gateway}: {setting} {problem}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that a connector needs. A secret one is stored encrypted and never shown again."""

    name: str
    secret: bool = False
    required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True)
class Connector:
    """A kind of gateway that can be configured. `build` takes the settings by name and calls nobody.

    One that does not tell of disputes leaves them to letters, which people record.
    """

    name: str
    title: str
    settings: tuple[Setting, ...]
    build: Callable[[Mapping[str, str]], Gateway]
    tells_of_disputes: bool = False


def read(gateway: str, settings: tuple[Setting, ...], given: Mapping[str, str]) -> dict[str, str]:
    """Return every setting with its given or default value, stripped.

    Raises GatewayConfigError for a required one that is missing and for a name that is not a setting.
    """
    known = {each.name for each in settings}
    for name in given:
        if name not in known:
            raise GatewayConfigError(gateway, name, "is not a setting of this gateway")
    values = {each.name: given.get(each.name, "").strip() or each.default for each in settings}
    for each in settings:
        if each.required and not values[each.name]:
            raise GatewayConfigError(gateway, each.name, "is missing")
    return values


def read_list(value: str) -> tuple[str, ...]:
    """Split a comma-separated setting."""
    return tuple(part for part in (each.strip() for each in value.split(",")) if part)


def read_origin(gateway: str, setting: str, value: str) -> str:
    """Return an http or https address without its last slash. Raises GatewayConfigError for anything else."""
    if not value.startswith(("https://", "http://")) or value.count("/") < 2 or not value.split("/")[2]:
        raise GatewayConfigError(gateway, setting, "must be an http or https address")
    return value.rstrip("/")
