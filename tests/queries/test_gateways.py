"""Which gateways are in force, and with whose keys."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways, gateway_directory, use_house_settings

PAYLINK = {"secret_key": "plk_1", "webhook_secrets": "whsec_dGVzdA==", "api_base": "http://127.0.0.1:9"}


def account(name: str, credentials: dict[str, str] | None) -> None:
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="paylink",
                name=name,
                credentials=json.dumps(credentials) if credentials is not None else None,
                methods=["bank_transfer"],
                currencies=["KRW"],
            )
        )
    forget_gateways()


@pytest.mark.req("PAY-05")
def test_an_account_without_keys_of_its_own_uses_those_of_the_settings(db: None) -> None:
    account("house", None)
    assert gateway_directory() == {}
    use_house_settings({"paylink": PAYLINK})
    try:
        assert [one.account.name for one in gateway_directory().values()] == ["house"]
    finally:
        use_house_settings({})


@pytest.mark.req("PAY-05")
def test_an_account_that_cannot_be_right_does_not_close_the_others(db: None) -> None:
    account("good", PAYLINK)
    account("bad", {"no_such_setting": "1"})
    assert [one.account.name for one in gateway_directory().values()] == ["good"]


@pytest.mark.req("PAY-05")
def test_accounts_are_read_again_when_one_has_changed_by_whatever_hand_and_not_before(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account("house", PAYLINK)
    monkeypatch.setattr("portal.queries.gateways.KEPT_FOR_S", 0)
    (before,) = gateway_directory().values()
    (again,) = gateway_directory().values()
    assert again.account.ranges is before.account.ranges
    with transaction() as session:
        session.execute(text("UPDATE gateway_account SET enabled = false"))
    (switched_off,) = gateway_directory().values()
    assert before.account.is_on
    assert not switched_off.account.is_on
