"""Promises about every module."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

ROOT = Path(__file__).parents[2]
# These do something when they are imported: they are programs.
PROGRAMS = ("__main__", "portal.wsgi")


def modules(package: str) -> list[str]:
    found = walk_packages([str(ROOT / package)], prefix=f"{package}.")
    return [one.name for one in found if not one.name.endswith(PROGRAMS)]


@pytest.mark.parametrize("package", ["portal", "sandbox", "tools"])
def test_every_module_can_be_imported(package: str) -> None:
    assert [import_module(name).__name__ for name in modules(package)] == modules(package)


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without __init__.py is not searched by import-linter, and its files escape every contract."""
    folders = {file.parent for package in ("portal", "sandbox", "tools") for file in (ROOT / package).rglob("*.py")}
    assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").exists()) == []
