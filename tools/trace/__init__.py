"""Which rows of the register and lines of the buyer's checklist are shown by which tests: `python -m tools.trace`."""
