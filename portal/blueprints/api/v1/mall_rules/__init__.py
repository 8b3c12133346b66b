"""Rules of refunds and rates of tax, with their history."""
