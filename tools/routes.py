"""Write docs/routes.txt: every route, its methods and who may use it. Run after adding one: python -m tools.routes."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from portal import create_app
from portal.blueprints.access import ACCESS
from portal.config import Settings

FILE = Path(__file__).parents[1] / "docs" / "routes.txt"
# Answered before the application is entered (portal/assets.py).
NOT_ROUTES = frozenset({"static"})


def routes(app: Flask) -> list[str]:
    """A line for each route: path, methods, the permission needed."""
    lines = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in NOT_ROUTES:
            methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            access = getattr(app.view_functions[rule.endpoint], ACCESS, "?")
            lines.append(f"{rule.rule}  {methods}  {access}")
    return sorted(lines)


def main() -> None:
    # Nothing is connected by building the application.
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": "postgresql://unused", "REDIS_URL": "redis://unused"}
    lines = routes(create_app(Settings.from_environment(environment)))
    FILE.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(f"{len(lines)} routes written to {FILE.relative_to(FILE.parents[1])}")


if __name__ == "__main__":
    main()
