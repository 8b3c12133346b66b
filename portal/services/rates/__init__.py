"""Exchange rates are taken in, or refused and told of."""
