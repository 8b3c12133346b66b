"""What the platform gives of a discount, as SQL: for statements over discount_share s, coupon_use u and campaign c."""

from typing import Final

PLATFORM_GIVES: Final = """
    coalesce(s.platform_minor,
             CASE WHEN coalesce(u.terms ->> 'funding', c.funding) = 'platform' THEN s.amount_minor ELSE 0 END)
"""
