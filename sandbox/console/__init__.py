"""The sandbox's own pages and control calls: what it holds, and trouble on demand."""

from sandbox.console import control, page
from sandbox.http import Router


def add_routes(router: Router) -> None:
    """Start page and control API."""
    control.add_routes(router)
    page.add_routes(router)
