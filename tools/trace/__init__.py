"""Which rows of the register and lines of the checklists are shown by which tests: `python -m tools.trace`."""
