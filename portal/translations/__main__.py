"""Bring the compiled catalogues up to date: python -m portal.translations. `make setup` does it."""

from portal.translations import FOLDER, compile_catalogues

if __name__ == "__main__":
    for compiled in compile_catalogues():
        print(f"setup: made {compiled.relative_to(FOLDER.parents[1])}")  # noqa: T201 - A command prints.
