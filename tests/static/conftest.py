"""The gallery's application, and the gallery on a free port for the browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from tests.browser import axe
from tests.browser.conftest import Profiles
from tests.static.gallery_app import gallery_app


@pytest.fixture(scope="session")
def gallery() -> Flask:
    return gallery_app()


@pytest.fixture
def gallery_client(gallery: Flask) -> FlaskClient:
    return gallery.test_client()


@pytest.fixture(scope="session")
def gallery_address(gallery: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, axe.beside(gallery), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    axe.announce(server.server_port)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def gallery_profiles(chromium: Browser, gallery_address: str) -> Profiles:
    return Profiles(chromium, gallery_address)
