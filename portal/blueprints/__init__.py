"""The faces: pages, API and webhooks over the services."""

from __future__ import annotations

from importlib import import_module

from apiflask import APIFlask

from portal.config import Settings

AREAS = ("shop", "account", "checkout", "seller", "admin", "webhooks", "api")
# Never part of a production portal.
DEMO_AREAS = ("gallery",)


def register_blueprints(app: APIFlask, settings: Settings) -> None:
    """Hang every area's blueprints into the application; what is for demonstrations only outside production."""
    for area in AREAS if settings.is_production else AREAS + DEMO_AREAS:
        for blueprint in import_module(f"portal.blueprints.{area}").blueprints():
            app.register_blueprint(blueprint)
