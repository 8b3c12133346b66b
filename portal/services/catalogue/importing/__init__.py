"""Catalogues from files: our own CSV (docs/imports.md) and the marketplace files of Olist."""
