"""Loyalty: rules of mileage and tiers as versions, and the tier of each person."""
