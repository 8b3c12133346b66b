"""A buyer's browser: one kept connection, cookies, compressed pages, redirects; no more than that, and cheap."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANSWER_TIMEOUT_S = 60.0
REDIRECTS_MAX = 5
READ_BYTES = 1 << 18


class BrowserError(Exception):
    """The server did not answer, or not in HTTP."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, decompressed."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Connection:
    """One kept HTTP/1.1 connection to one server; opened at the first request, and again when the server closed it.

    `source` is the address that it comes from, if the machine is not to choose.
    """

    def __init__(self, host: str, port: int, source: str | None = None) -> None:
        self.host, self.port = host, port
        self._source = (source, 0) if source else None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, head: bytes, body: bytes) -> tuple[int, dict[str, str], list[str], bytes]:
        """Send a request; returns status, headers, cookies set, body. A kept connection that died is opened anew."""
        for is_last in (False, True):
            is_kept = self._streams is not None
            reader, writer = await self._open()
            try:
                writer.write(head + body)
                return await asyncio.wait_for(self._read(reader), ANSWER_TIMEOUT_S)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.close()
                if is_last or not is_kept:
                    raise BrowserError(f"{self.host}:{self.port}: {error!r}") from error
        raise AssertionError("unreachable")

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self.host, self.port, limit=READ_BYTES, local_addr=self._source
            )
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str], list[str], bytes]:
        status, headers, cookies = await read_head(reader)
        if status in {204, 304}:
            return status, headers, cookies, b""
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        else:
            body = await reader.read()
            self.close()
        if headers.get("connection", "").lower() == "close":
            self.close()
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return status, headers, cookies, body

    def close(self) -> None:
        if self._streams is not None:
            with contextlib.suppress(OSError):
                self._streams[1].close()
            self._streams = None


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], list[str]]:
    """Status, headers by lower-case name, and the Set-Cookie lines apart."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    cookies = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "set-cookie":
            cookies.append(value.strip())
        elif name:
            headers[name.lower()] = value.strip()
    return int(first.split(" ", 2)[1]), headers, cookies


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


class EventStream:
    """An open stream of server-sent events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def heard(self, name: str, *, within_s: float) -> bool:
        """Wait for an event of this name; False when the time is over."""
        try:
            async with asyncio.timeout(within_s):
                while line := await self._reader.readline():
                    if line.startswith(b"event: ") and line[7:].strip() == name.encode():
                        return True
                await asyncio.sleep(within_s)  # It has ended; the page goes on asking by the clock.
        except TimeoutError:
            pass
        return False

    def close(self) -> None:
        self._writer.close()


@dataclass
class Browser:
    """Cookies and connections of one buyer. `counts` are his requests by host and port."""

    counts: Counter[str] = field(default_factory=Counter)
    _cookies: dict[str, str] = field(default_factory=dict)
    _connections: dict[str, Connection] = field(default_factory=dict)
    _page_url: str = ""
    _source: str | None = None

    def move_to(self, source: str) -> None:
        """Go on from another address of this machine; what the browser keeps stays."""
        self.close()
        self._connections.clear()
        self._source = source

    async def get(self, url: str) -> Page:
        """Load a page, following redirects."""
        return await self._follow(await self._send("GET", url, ""))

    async def post(self, url: str, body: str, *, follow: bool = True) -> Page:
        """Send a form. With follow=False the answer itself is returned, a redirect too."""
        answer = await self._send("POST", urljoin(self._page_url, url), body)
        return await self._follow(answer) if follow else answer

    async def fetch(self, url: str) -> Page:
        """What a script of the page asks for: the page stays where it is."""
        here = self._page_url
        try:
            return await self._send("GET", urljoin(here, url), "", script=True)
        finally:
            self._page_url = here

    async def listen(self, url: str) -> EventStream:
        """Open a stream of events, as the page's script does when the page has loaded."""
        parts = urlsplit(url)
        self.counts[parts.netloc] += 1
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self._page_url))
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=READ_BYTES)
        path = f"{parts.path}?{parts.query}"
        lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", f"Origin: {origin}", "Accept: text/event-stream"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, _, _ = await read_head(reader)
        if status != 200:
            writer.close()
            raise BrowserError(f"the live stream answers {status}")
        return EventStream(reader, writer)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    async def _follow(self, answer: Page) -> Page:
        for _ in range(REDIRECTS_MAX):
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            answer = await self._send("GET", urljoin(answer.url, answer.headers["location"]), "")
        raise BrowserError(f"too many redirects at {answer.url}")

    async def _send(self, method: str, url: str, body: str, *, script: bool = False) -> Page:
        parts = urlsplit(url)
        lines = [
            f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"User-Agent: {USER_AGENT}",
            "Accept: text/html,application/xhtml+xml,*/*;q=0.8",
            "Accept-Language: en-GB,en;q=0.8,ko;q=0.6",
            "Accept-Encoding: gzip, deflate",
        ]
        same_site = urlsplit(self._page_url).netloc == parts.netloc
        if self._page_url:
            lines.append(f"Referer: {self._page_url}")
        if self._cookies and (same_site or not self._page_url):
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        if script:
            lines += ["HX-Request: true", "HX-Target: order-live"]
        data = body.encode()
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(data)}"]
        self.counts[parts.netloc] += 1
        connection = self._connections.get(parts.netloc)
        if connection is None:
            connection = self._connections[parts.netloc] = Connection(
                parts.hostname or "", parts.port or 80, self._source
            )
        status, headers, cookies, content = await connection.exchange(("\r\n".join(lines) + "\r\n\r\n").encode(), data)
        if same_site or not self._page_url:
            for cookie in cookies:
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            self._page_url = url
        return Page(url, status, headers, content)
