"""The shelves of the mall as a list to choose from."""

from __future__ import annotations

from portal.blueprints.context import translated
from portal.queries.sections import section_directory


def shelf_choices() -> list[tuple[str, str]]:
    """Every section, each after the one that it stands in."""
    found = section_directory()

    def under(parent: int | None, before: str) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = []
        for one in found:
            if one.parent_id == parent:
                name = before + translated(one.name)
                rows += [(str(one.id), name), *under(one.id, f"{name} › ")]
        return rows

    return under(None, "")
