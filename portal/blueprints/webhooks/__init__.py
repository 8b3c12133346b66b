"""Notices of payment gateways, taken on the raw body and acknowledged at once."""

from __future__ import annotations

from flask import Blueprint

from portal.blueprints.webhooks.views import bp


def blueprints() -> list[Blueprint]:
    return [bp]
