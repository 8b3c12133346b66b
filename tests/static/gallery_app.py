"""The gallery alone, without database or session rows: what the layouts are handed is made up here."""

import threading
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, render_template_string, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect

from portal.assets import init_assets
from portal.blueprints.gallery import bp
from portal.formatting import init_formatting

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def gallery_app() -> Flask:
    app = Flask("portal", static_folder=None)
    app.config.update(SECRET_KEY="for-tests-only" * 3, BABEL_DEFAULT_TIMEZONE="Asia/Seoul", TESTING=True)
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False)
    Babel(app, locale_selector=_locale)
    CSRFProtect(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_assets(app)
    init_formatting(app)
    app.jinja_env.globals["kept"] = lambda macro, *given: macro(*given)
    app.jinja_env.filters["tr"] = lambda texts: texts[_locale()]
    app.register_blueprint(bp)
    app.context_processor(_context)
    app.after_request(_protect)
    app.add_url_rule("/preferences", "preferences", lambda: ("", 204), methods=["POST"])
    app.add_url_rule("/slow", "slow", lambda: _sent(app), methods=["POST"])
    app.add_url_rule("/live", "live", lambda: _live_page(app))
    app.add_url_rule("/events", "events", lambda: _events(app))
    app.extensions["sent"] = []
    app.extensions["told"] = Told()
    app.extensions["fetched"] = 0
    return app


class Told:
    """What is told to everybody who listens, also to whoever came back because his line broke."""

    def __init__(self) -> None:
        self.events: list[str | None] = []
        self._more = threading.Condition()

    def put(self, event: str | None) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify_all()

    def get(self, number: int) -> str | None:
        """Wait for the event of this number; None ends the stream."""
        with self._more:
            self._more.wait_for(lambda: len(self.events) > number)
            return self.events[number]


def _sent(app: Flask) -> tuple[str, int]:
    app.extensions["sent"].append(request.form.to_dict())
    return "", 204


LIVE_PAGE = """{% extends "layouts/shop.html" %}{% block page %}<h1>Live</h1>
<div id="part" hx-get="/live" hx-trigger="sse:order" hx-target="this" hx-swap="outerHTML">
<p id="fetched">{{ fetched }}</p><label for="note">Note</label><input id="note"></div>{% endblock %}"""


def _live_page(app: Flask) -> str:
    if "HX-Request" in request.headers:
        app.extensions["fetched"] += 1
    page = render_template_string(
        LIVE_PAGE, live_url=request.args.get("events", "/events"), fetched=app.extensions["fetched"]
    )
    return page if "HX-Request" not in request.headers else page[page.index('<div id="part"') : page.index("</main>")]


def _events(app: Flask) -> Response:
    """Send what the test puts into the queue; None ends the stream."""

    told: Told = app.extensions["told"]
    heard = len(told.events)

    def stream() -> Iterator[str]:
        yield ": hello\n\n"
        for number in count(heard):
            event = told.get(number)
            if event is None:
                return
            yield event

    return Response(stream(), mimetype="text/event-stream")


def _locale() -> str:
    return "ko" if request.args.get("lang") == "ko" else "en"


def _context() -> dict[str, Any]:
    return {
        "channel": SimpleNamespace(
            code="kr",
            name={"en": "Portal Korea", "ko": "포털 코리아"},
            brand={"colour": request.args.get("brand")},
            locales=("ko", "en"),
            currency="KRW",
        ),
        "current_user": SimpleNamespace(
            is_authenticated=request.args.get("who") != "nobody", display_name="Bea Kim", is_seller=True, is_admin=True
        ),
        "cart_count": 3,
        "notice_count": 2,
        "locale": _locale(),
        "theme": request.args.get("theme", "auto"),
        "sections": [("living", "Living"), ("kitchen", "Kitchen")],
        "channels": [
            ("Korea", "/kr/", "KRW", True),
            ("United States", "/us/", "USD", False),
        ],
        "test_mode": True,
    }


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response
