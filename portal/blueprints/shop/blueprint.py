"""The blueprint that the shop's pages hang on."""

from __future__ import annotations

from apiflask import APIBlueprint

bp = APIBlueprint("shop", __name__, enable_openapi=False)
