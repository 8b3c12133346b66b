"""Gift cards: bought, redeemed, given back."""
