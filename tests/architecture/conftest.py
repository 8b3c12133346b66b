"""What several promises look at, read once."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from jinja2 import nodes


@pytest.fixture(scope="session")
def trees(application: APIFlask) -> dict[str, nodes.Template]:
    """Every template by its name, parsed."""
    environment = application.jinja_env
    assert environment.loader is not None
    return {
        name: environment.parse(environment.loader.get_source(environment, name)[0])
        for name in environment.list_templates()
        if name.endswith((".html", ".txt"))
    }
