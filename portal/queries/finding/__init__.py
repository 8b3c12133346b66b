"""Whatever somebody names on a desk, found by indexes: one finder for each kind of thing (A17, S07)."""
