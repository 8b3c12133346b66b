"""Gift cards: activated, redeemed, ended."""
