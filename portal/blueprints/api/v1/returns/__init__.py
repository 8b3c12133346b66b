"""Returns, exchanges and claims, for buyers and for the programs of stores."""
