"""A campaign's coupons in hands, the same pages on the desks of administrators and of sellers: codes, holders, uses,
lists of people, suspicions. What differs between the desks is in Area.
"""

from __future__ import annotations

from flask import Blueprint

from portal.blueprints.desk_coupons import codes, holders, lists, moves, uses
from portal.blueprints.desk_coupons.area import Area


def hang(bp: Blueprint, area: Area) -> None:
    """Hang the pages into a desk's blueprint, under /campaigns/<id>/."""
    for pages in (codes, holders, lists, moves, uses):
        pages.hang(bp, area)
