"""A person's own pages: coming in, profile, devices, addresses, notices, preferences."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    from portal.blueprints.account import (
        addresses,
        balances,
        coupons,
        data,
        devices,
        gift_cards,
        invoices,
        keys,
        methods,
        mileage,
        notice_wishes,
        notices,
        passwords,
        paying,
        payments,
        preferences,
        profile,
        reviews,
        security,
        signing,
        step_up,
        store_invitations,
        tickets,
        top_ups,
        wishes,
        withdrawals,
    )
    from portal.blueprints.account.blueprint import bp

    # Importing these modules hangs their routes into the blueprint.
    loaded = (
        addresses,
        balances,
        coupons,
        data,
        devices,
        gift_cards,
        invoices,
        keys,
        methods,
        mileage,
        notice_wishes,
        notices,
        passwords,
        paying,
        payments,
        preferences,
        profile,
        reviews,
        security,
        signing,
        store_invitations,
        step_up,
        tickets,
        top_ups,
        wishes,
        withdrawals,
    )
    assert all(loaded)
    return [bp]
