"""What the platform keeps of what goods bring in."""

from __future__ import annotations

from portal.kit.money import Money


def commission_on(*, goods_minor: int, currency: str, basis_points: int) -> int:
    """The platform's commission: on what the goods brought in, not on shipping fees nor on tax added to prices."""
    return Money(goods_minor, currency).share(basis_points=basis_points).minor
