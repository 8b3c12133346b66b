"""The mark of sentences that are shown to people."""


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext's extractor looks for
    """Mark an English sentence for the catalogue and return it as it is; the face translates it when shown."""
    return sentence
