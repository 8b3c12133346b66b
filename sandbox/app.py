"""The server: reads a request, lets a fault have its way, calls the handler, answers."""

import asyncio
import logging
from typing import Any

from sandbox import adyen, console, paylink, portone, receiver, stripe, trackhub
from sandbox.config import Config
from sandbox.faults import Facts, Fault
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.notices import Notices
from sandbox.world import World

_HANG_S = 60  # Longer than any client waits.
_log = logging.getLogger("sandbox")

# What a fault may know of a call, and who answers it; Stripe's idempotency wants the forced answer too.
_FACTS = {
    "stripe": stripe.facts,
    "paylink": paylink.facts,
    "adyen": adyen.facts,
    "portone": portone.facts,
    "trackhub": trackhub.facts,
    "receiver": receiver.facts,
}
_HANDLERS = {
    "paylink": paylink.handle,
    "adyen": adyen.handle,
    "portone": portone.handle,
    "trackhub": trackhub.handle,
    "receiver": receiver.handle,
}


class App:
    """An RSGI application."""

    def __init__(self, config: Config) -> None:
        self.world = World(config)
        self.world.notices = Notices(self.world)
        self.router = Router()
        for part in (stripe, paylink, adyen, portone, trackhub, receiver, console):
            part.add_routes(self.router)

    async def __call__(self, scope: Any, proto: Any) -> None:
        if scope.proto != "http":
            return
        headers = {name: value for name, value in scope.headers.items()}  # noqa: C416 - not a mapping
        request = Request(scope.method, scope.path, scope.query_string, headers, await proto())
        found = self.router.find("GET" if scope.method == "HEAD" else scope.method, scope.path)
        if found is None:
            response: Response | None = stripe.unknown_path(request)
            fault = None
        else:
            route, places = found
            fault = self._fault(route, request, places)
            response = await self._answer(route, request, places, fault)
        self.world.store.flush()
        await _send(proto, response, fault)

    def _fault(self, route: Route, request: Request, places: dict[str, str]) -> Fault | None:
        reader = _FACTS.get(route.vendor)
        if not self.world.faults.rules or reader is None:
            return None
        facts: Facts = reader(self.world, route, request, places)
        return self.world.faults.take(facts)

    async def _answer(
        self, route: Route, request: Request, places: dict[str, str], fault: Fault | None
    ) -> Response | None:
        kind = fault.kind if fault else ""
        if kind in ("timeout_before", "reset_before"):
            return None
        if kind == "rate_limit":
            return as_json(429, _trouble("rate_limit", "Too many requests."), {"retry-after": "1"})
        if kind == "error_before":
            return as_json(500, _trouble("api_error", "Something went wrong."))
        if kind == "slow" and fault:
            await self._wait(request, fault)
        try:
            forced = as_json(500, _trouble("api_error", "Something went wrong.")) if kind == "error_after" else None
            response: Response = self._call(route, request, places, forced)
        except Exception:  # noqa: BLE001 - a defect here must not look like a dead vendor.
            _log.exception("%s %s", request.method, request.path)
            return as_json(500, _trouble("api_error", "The sandbox has a defect."))
        return response

    def _call(self, route: Route, request: Request, places: dict[str, str], forced: Response | None) -> Response:
        if route.vendor == "stripe":
            return stripe.handle(self.world, route, request, places, forced)
        handler = _HANDLERS.get(route.vendor)
        if handler is not None:
            response = handler(self.world, route, request, places)
            return forced or response
        answer: Response = route.handler(self.world, request, **places)
        return answer

    async def _wait(self, request: Request, fault: Fault) -> None:
        key = request.headers.get("idempotency-key")
        if key:
            self.world.keys_at_work.setdefault(key, request)
        try:
            await asyncio.sleep(fault.delay_ms / 1000)
        finally:
            if self.world.keys_at_work.get(key or "") is request:
                del self.world.keys_at_work[key or ""]


def _trouble(kind: str, message: str) -> Json:
    return {"error": {"type": kind, "code": kind, "message": message}}


async def _send(proto: Any, response: Response | None, fault: Fault | None) -> None:
    kind = fault.kind if fault else ""
    if kind in ("timeout_before", "timeout_after"):
        await asyncio.sleep(_HANG_S)
    if response is None or kind in ("timeout_after", "reset_before", "reset_after"):
        # A length that is never reached makes the server close the connection in the middle of the answer.
        stream = proto.response_stream(200, [("content-type", "application/json"), ("content-length", "4096")])
        await stream.send_bytes(b'{"id": ')
        return
    proto.response_bytes(response.status, list(response.headers.items()), response.body)
