"""Keeps the catalogues of portal/translations in step with the sentences of the code."""
