"""The `portal` command: one file per subcommand, loaded only when it is asked for."""

import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

EXIT_REFUSED = 2


class LazyGroup(click.Group):
    """A group that finds its commands by the files beside this one: `up.py` holds `up`, `import_.py` holds `import_`.

    The line in the list is the first line of the file's docstring, so that `portal --help` imports none of them.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature.
        return sorted(_command_name(file) for file in Path(__file__).parent.glob("[!_]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"portal.cli.{_module_name(cmd_name)}")
        command = getattr(module, _module_name(cmd_name))
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        folder = Path(__file__).parent
        lines = [(name, _first_line(folder / f"{_module_name(name)}.py")) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Portal, the money side of a shopping mall. Settings come from the environment; see the README."""


def main() -> NoReturn:
    """Run the command line. A refusal is one sentence and exit code 2, never a traceback."""
    from portal.config import ConfigurationError
    from portal.stack.errors import StackError
    from portal.stack.home import running_environment

    if "up" not in sys.argv[1:2]:
        # Beside a running portal every command speaks to that one; what the operator has set wins.
        os.environ.update(
            {name: value for name, value in running_environment(os.environ).items() if name not in os.environ}
        )
    try:
        cli(prog_name="portal")
    except (ConfigurationError, StackError) as refusal:
        click.echo(f"portal: {refusal}", err=True)
        raise SystemExit(EXIT_REFUSED) from None
    raise SystemExit(0)


def _module_name(command: str) -> str:
    """`import` is a word of the language, so its file is `import_.py`; dashes become underscores."""
    name = command.replace("-", "_")
    return f"{name}_" if name == "import" else name


def _command_name(file: Path) -> str:
    return file.stem.removesuffix("_").replace("_", "-")


def _first_line(file: Path) -> str:
    """The first line of a file's docstring, read and not imported."""
    with file.open(encoding="utf-8") as lines:
        first = next(lines, "").strip()
    return first.strip('"').strip()
