"""Static files under addresses that name their content, so that browsers keep them for a year.

`asset("app.css")` is `/static/app.<hash>.css`; `sri("app.css")` is its integrity. The files are answered before the
application is entered: no session, no channel, no database. `app.css` and `app.js` are put together from small files.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.http import parse_etags
from werkzeug.wrappers import Response

from portal.brand import brand_css, normal_colour
from portal.icons import icon

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = Path(__file__).parent / "static"
PREFIX = "/static/"
BUNDLES = {"app.css": ("css", "*.css"), "app.js": ("js", "*.js")}
FOREVER = "public, max-age=31536000, immutable"
COMPRESSED = {"text/css", "text/javascript", "image/svg+xml", "application/json", "text/plain", "text/markdown"}
_HASHED = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<ending>\.[a-z0-9]+)")
_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
# Of a script only what fills whole lines: the same signs may stand in a text or an expression.
_COMMENT_LINES = re.compile(r"^[ \t]*(?://[^\n]*|/\*[\s\S]*?\*/[ \t]*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent. The compressed body is made at the first request that takes it."""

    name: str
    body: bytes = field(repr=False)

    @cached_property
    def mimetype(self) -> str:
        # Named here because the interpreter's own table differs between its versions.
        own = {".js": "text/javascript", ".webp": "image/webp", ".md": "text/markdown"}
        return own.get(Path(self.name).suffix) or mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:12]

    @cached_property
    def integrity(self) -> str:
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()

    @cached_property
    def url(self) -> str:
        """The address. It is the same on every channel, so that a browser keeps one copy."""
        path = Path(self.name)
        return PREFIX + path.with_name(f"{path.stem}.{self.digest}{path.suffix}").as_posix()

    @cached_property
    def zipped(self) -> bytes | None:
        if self.mimetype not in COMPRESSED:
            return None
        packed = gzip.compress(self.body, 9, mtime=0)
        return packed if len(packed) < len(self.body) else None


class Assets:
    """Every static file of the portal, read once."""

    def __init__(self, root: Path = ROOT) -> None:
        self._files: dict[str, Asset] = {}
        bundled = {folder for folder, _ in BUNDLES.values()}
        for name, (folder, pattern) in BUNDLES.items():
            self._add(name, b"\n".join(_slim(part) for part in sorted((root / folder).glob(pattern))))
        for file in sorted(root.rglob("*")):
            name = file.relative_to(root).as_posix()
            if file.is_file() and name.partition("/")[0] not in bundled and "/outline/" not in name:
                self._add(name, file.read_bytes())

    def __getitem__(self, name: str) -> Asset:
        return self._files[name]

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for one that is not there."""
        return self._files[name].url

    def integrity(self, name: str) -> str:
        """Return the value of the `integrity` attribute (SRI)."""
        return self._files[name].integrity

    def brand_sheet(self, colour: str | None) -> Asset | None:
        """Return the style sheet of a channel's colour (`#rrggbb`), or None for the house's own."""
        digits = normal_colour(colour)
        return _brand(digits) if digits else None

    def find(self, path: str) -> tuple[Asset | None, bool]:
        """Return what stands at a path below the prefix, and whether the path names exactly this content."""
        match = _HASHED.fullmatch(path)
        if match is None:
            return self._files.get(path), False
        name = match["stem"] + match["ending"]
        digits = normal_colour(name.removeprefix("brand-").removesuffix(".css")) if name.startswith("brand-") else None
        found = _brand(digits) if digits else self._files.get(name)
        # During a rolling restart a page of the other version may ask: it gets what we have, and does not keep it.
        return found, found is not None and found.digest == match["hash"]

    def _add(self, name: str, body: bytes) -> None:
        self._files[name] = Asset(name, body)


class StaticFiles:
    """Answers `/static/…` itself and hands everything else on."""

    def __init__(self, app: WSGIApplication, assets: Assets) -> None:
        self._app = app
        self._assets = assets

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._app(environ, start_response)
        return self._answer(path.removeprefix(PREFIX), environ)(environ, start_response)

    def _answer(self, path: str, environ: WSGIEnvironment) -> Response:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return Response("", status=405, headers={"Allow": "GET, HEAD"})
        asset, exact = self._assets.find(path)
        if asset is None:
            return Response("", status=404, headers={"Cache-Control": "no-store"})
        zipped = asset.zipped if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else None
        tag = f"{asset.digest}-gz" if zipped else asset.digest
        headers = {
            "Cache-Control": FOREVER if exact else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "ETag": f'"{tag}"',
        }
        if asset.mimetype in COMPRESSED:
            headers["Vary"] = "Accept-Encoding"
        if parse_etags(environ.get("HTTP_IF_NONE_MATCH")).contains_weak(tag):
            return Response(status=304, headers=headers)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(zipped or asset.body, mimetype=asset.mimetype, headers=headers)


def init_assets(app: Flask) -> Assets:
    """Serve the static files before the application, and give templates `asset`, `sri`, `brand_sheet` and `icon`."""
    assets = Assets()
    app.jinja_env.globals.update(asset=assets.url, sri=assets.integrity, brand_sheet=assets.brand_sheet, icon=icon)
    app.wsgi_app = StaticFiles(app.wsgi_app, assets)  # type: ignore[method-assign]  # How Flask takes middleware.
    app.extensions["assets"] = assets
    return assets


@lru_cache(maxsize=64)
def _brand(digits: str) -> Asset:
    return Asset(f"brand-{digits}.css", brand_css(digits).encode())


def _slim(part: Path) -> bytes:
    """Return a part of a bundle without its comments; compression does the rest."""
    text = part.read_text("utf-8")
    return (_COMMENT if part.suffix == ".css" else _COMMENT_LINES).sub("", text).encode()
