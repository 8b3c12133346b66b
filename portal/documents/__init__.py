"""Documents as PDF: what was frozen when they were made, set on pages. No database and no web framework."""
