"""Start everything on this machine and keep it running until Ctrl-C."""

import os

import click

from portal.config import Settings
from portal.stack import up as stack

DEMO_PASSWORD = "demo-portal-2026"  # noqa: S105  # Printed for whoever looks around; demo mode only.
DEMO_PEOPLE = (
    ("bea@example.com", "buyer"),
    ("sam@example.com", "seller"),
    ("sue@example.com", "seller"),
    ("ada@example.com", "admin"),
)


@click.command()
def up() -> None:
    """Start the database, Redis, the pages, the workers and, in demo mode, stand-ins of the outside world.

    In demo mode (PORTAL_ENV=demo, the default here) everything that is not named in the environment is embedded and
    keeps its data in PORTAL_HOME. Ctrl-C stops all of it; what dies is started again.
    """
    stack.up(os.environ, _say, _greet)
    _say("stopped")


def _say(line: str) -> None:
    click.echo(f"portal: {line}", err=True)


def _greet(settings: Settings) -> None:
    """Print where everything is."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104  # Shown, not bound.
    base = settings.external_url or f"http://{host}:{settings.port}"
    places = [
        ("Shop, Korea", f"{base}/kr/"),
        ("Shop, United States", f"{base}/us/"),
        ("Seller desk", f"{base}/seller/"),
        ("Admin desk", f"{base}/admin/"),
        ("API documentation", f"{base}/api/v1/docs"),
    ]
    if settings.is_demo:
        places += [
            ("Sandbox (payment stand-ins)", f"{settings.sandbox_url}/"),
            ("Mail catcher", f"http://127.0.0.1:{settings.mail_port}/"),
        ]
    width = max(len(name) for name, _ in places)
    click.echo("\nPortal is ready.\n")
    for name, address in places:
        click.echo(f"  {name:<{width}}  {address}")
    if settings.is_demo:
        click.echo(f"\n  Sign in with the password {DEMO_PASSWORD} as")
        for address, role in DEMO_PEOPLE:
            click.echo(f"  {role:<{width}}  {address}")
    click.echo(f"\n  Data and logs: {settings.home}\n  Ctrl-C stops everything.\n")
