"""Risk cases: what a person looks at and decides, and what follows from it."""
