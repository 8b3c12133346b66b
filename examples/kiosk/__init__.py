"""A kiosk: a till without a cashier, on a channel of its own. See README.md beside this file."""
