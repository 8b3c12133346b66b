"""Mileage: points in lots, spent oldest expiry first."""
