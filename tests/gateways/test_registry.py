"""Connectors are configured by name, and one from outside the package needs no code of ours (PAY-02)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.gateways import registry
from portal.gateways.base import Approved, AskableDisputes, ChargeRequest, Method, ToldDisputes
from portal.gateways.connector import GatewayConfigError
from tests.sandbox_server import Sandbox

OUTSIDE = """
from portal.gateways.base import Approved, Capabilities, ChargeRequest
from portal.gateways.connector import Connector, Setting
from datetime import timedelta

class Barter:
    name = "barter"
    element = None
    capabilities = Capabilities((), timedelta(days=1))
    def __init__(self, goods):
        self.goods = goods
    def charge(self, request):
        return Approved("barter-" + request.op_key, True, request.amount_minor, request.currency, {"goods": self.goods})

CONNECTOR = Connector("barter", "Barter", (Setting("goods"),), lambda given: Barter(given["goods"]))
"""
STRIPE = {"secret_key": "sk_test_x", "publishable_key": "pk_test_x", "webhook_secrets": "whsec_a, whsec_b"}


@pytest.fixture
def outside_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with a connector of its own."""
    (tmp_path / "barter_gateway.py").write_text(OUTSIDE)
    info = tmp_path / "barter_gateway-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: barter-gateway\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[portal.gateways]\nbarter = barter_gateway:CONNECTOR\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.connectors.cache_clear()
    yield tmp_path
    sys.modules.pop("barter_gateway", None)
    registry.connectors.cache_clear()


@pytest.mark.req("PAY-02")
def test_a_connector_from_another_package_is_found_and_paid_with(outside_package: Path) -> None:
    gateway = registry.build("barter", {"goods": "eggs"})
    request = ChargeRequest("op-1", 300, "USD", Method.WALLET, "Hat", "T-1", "http://127.0.0.1/")
    outcome = gateway.charge(request)
    assert isinstance(outcome, Approved)
    assert (outcome.gateway_ref, outcome.amount_minor, outcome.raw) == ("barter-op-1", 300, {"goods": "eggs"})
    assert registry.settings_from({"BARTER_GOODS": "milk", "STRIPE_GOODS": "no"}, "barter") == {"goods": "milk"}


def test_a_package_cannot_take_the_name_of_a_gateway_of_the_house(outside_package: Path) -> None:
    module = outside_package / "barter_gateway.py"
    module.write_text(module.read_text().replace('Connector("barter"', 'Connector("stripe"'))
    with pytest.raises(ValueError, match="stripe"):
        registry.connectors()


def test_an_entry_point_that_is_no_connector_is_refused(outside_package: Path) -> None:
    (outside_package / "barter_gateway.py").write_text("CONNECTOR = object()\n")
    with pytest.raises(TypeError):
        registry.connectors()


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(registry.UnknownGatewayError):
        registry.build("nobody", {})


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"secret_key": ""}, "secret_key"),
        ({"secret_key": "pk_test_x"}, "secret_key"),
        ({"publishable_key": "sk_test_x"}, "publishable_key"),
        ({"webhook_secrets": "  "}, "webhook_secrets"),
        ({"api_base": "ftp://x"}, "api_base"),
        ({"api_base": "http://"}, "api_base"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_setting_is_named_and_never_shown(change: dict[str, str], setting: str) -> None:
    with pytest.raises(GatewayConfigError) as refusal:
        registry.build("stripe", {**STRIPE, **change})
    assert refusal.value.setting == setting
    assert "sk_test_x" not in str(refusal.value)


def test_a_wrong_paylink_secret_is_named() -> None:
    given = {"secret_key": "plk_x", "webhook_secrets": "whsec_not base64", "api_base": "http://127.0.0.1:1"}
    with pytest.raises(GatewayConfigError) as refusal:
        registry.build("paylink", given)
    assert refusal.value.setting == "webhook_secrets"
    assert "not base64" not in str(refusal.value)


def test_stripes_own_addresses_are_the_default() -> None:
    element = registry.build("stripe", STRIPE).element
    assert element is not None
    assert element.script_url.startswith("https://js.stripe.com/")
    assert "https://hooks.stripe.com" in element.frame_origins
    assert element.connect_origins == ("https://api.stripe.com",)


def test_another_script_brings_its_own_origin_and_no_other() -> None:
    element = registry.build("stripe", {**STRIPE, "js_url": "http://127.0.0.1:9/js/stripe.js"}).element
    assert element is not None
    assert element.script_url == "http://127.0.0.1:9/js/stripe.js"
    assert element.script_origins == element.frame_origins == element.connect_origins == ("http://127.0.0.1:9",)


@pytest.mark.req("STR-05")
@pytest.mark.parametrize("name", ["stripe", "paylink", "adyen", "portone"])
def test_a_connector_says_whether_its_disputes_are_told(sandbox: Sandbox, name: str) -> None:
    gateway = registry.build(name, registry.settings_from(sandbox.environ, name))
    assert registry.connectors()[name].tells_of_disputes is isinstance(gateway, (AskableDisputes, ToldDisputes))
