"""Read catalogues and order histories from CSV files."""

import importlib
from pathlib import Path

import click

FOLDER = Path(__file__).parent / "imports"


class ImportGroup(click.Group):
    """Finds what can be imported by the files in imports/: `catalogue.py` holds the command `catalogue`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(file.stem for file in FOLDER.glob("[!_]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"portal.cli.imports.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.command(cls=ImportGroup)
def import_() -> None:
    """Read catalogues and order histories from CSV files; docs/imports.md names their columns."""
