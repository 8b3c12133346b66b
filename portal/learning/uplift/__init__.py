"""Experiments with incentives: what they change on average, for whom, and what a rule for giving them is worth."""
