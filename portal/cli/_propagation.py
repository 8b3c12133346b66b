"""Measure how soon changes are heard on open pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import orjson
from tqdm import tqdm

from portal.bench.propagation import Wish, lines_of, measure
from portal.cli._bench_portal import demo_settings, portal_at
from portal.process import start


@click.command()
@click.option("--pages", default=1_000, show_default=True, type=click.IntRange(1), help="Open pages.")
@click.option("--changes", default=500, show_default=True, type=click.IntRange(1), help="Changes of carts.")
@click.option("--per-second", default=10.0, show_default=True, type=click.FloatRange(0.1), help="Of them in a second.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option(
    "--against", metavar="URL", help="Measure the demo portal that runs there, with its environment set here."
)
def propagation(*, pages: int, changes: int, per_second: float, json_file: Path | None, against: str | None) -> None:
    """Change carts while many pages are open, and print how soon each page has heard of it.

    Exit code 1 if more than one change in 500 was heard after two seconds, or if open pages took threads of the web
    server.
    """
    with portal_at(against) as running:
        settings = demo_settings(running)
        start(settings, name="portal bench", connections=4)
        home = running.home if (running.home / "run" / "processes.json").exists() else None
        with tqdm(desc="portal: changing carts", total=changes, leave=False) as bar:
            wish = Wish(pages, changes, per_second)
            found = asyncio.run(measure(settings, running.base, home, wish, progress=bar.update))
    click.echo("\n".join(lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.missed:
        raise SystemExit(1)
