"""A receiver of the portal's own webhooks, as a partner would write one: it checks signatures and keeps what came.

Each name under /receiver/ is a receiver of its own. /sandbox/receivers/NAME tells it its secrets, and how to behave:
`ok`, `gone` (410), `redirect` or `large` (5 MB); what hangs, fails or breaks off is asked for as a fault on `receive`.
"""

import base64
import hashlib
import hmac
import time
from binascii import Error as Base64Error
from html import escape

from sandbox import pages
from sandbox.faults import Facts
from sandbox.http import Json, Request, Response, Route, Router, as_json
from sandbox.store import new_id
from sandbox.world import World

RECEIVERS, MESSAGES = "receivers", "received_messages"
BEHAVIOURS = ("ok", "gone", "redirect", "large")
_TOLERANCE_S = 300
_LARGE_BYTES = 5_000_000
_KEPT = 2_000


def receive(world: World, request: Request, name: str) -> Response:
    """Take a message: 401 unless one of the secrets has signed it."""
    known = world.store.get(RECEIVERS, name) or {"secrets": [], "behaviour": "ok"}
    verdict = _verdict(request, known["secrets"])
    kept = {
        "id": new_id("rcv", 12),
        "receiver": name,
        "message": request.headers.get("webhook-id", ""),
        "verdict": verdict,
        "body": request.body.decode("utf-8", "replace"),
    }
    world.store.save(MESSAGES, kept)
    rows = world.store.tables[MESSAGES]
    if len(rows) > _KEPT:
        world.store.remove(MESSAGES, next(iter(rows)))
    if verdict != "verified":
        return as_json(401, {"error": verdict})
    return _answer(known["behaviour"])


def _answer(behaviour: str) -> Response:
    if behaviour == "gone":
        return as_json(410, {"error": "gone"})
    if behaviour == "redirect":
        return Response(302, b"", {"location": "/sandbox/state"})
    if behaviour == "large":
        return Response(200, b"x" * _LARGE_BYTES, {"content-type": "text/plain"})
    return as_json(200, {"taken": True})


def _verdict(request: Request, secrets: list[str]) -> str:
    """Written from the specification alone (standardwebhooks.com), so that it proves what the portal signs."""
    message_id = request.headers.get("webhook-id", "")
    stamp, given = request.headers.get("webhook-timestamp", ""), request.headers.get("webhook-signature", "")
    if not message_id or not stamp.isdigit() or not given:
        return "unsigned"
    if abs(time.time() - int(stamp)) > _TOLERANCE_S:
        return "stale"
    signed = f"{message_id}.{stamp}.".encode() + request.body
    for secret in secrets:
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"))
        except (Base64Error, ValueError):
            continue
        mine = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(mine, theirs) for theirs in given.split(" ")):
            return "verified"
    return "forged"


def prepare(world: World, request: Request, name: str) -> Response:
    """Tell a receiver its secrets and its behaviour: {"secrets": ["whsec_..."], "behaviour": "ok"}."""
    given = request.read_json()
    known = world.store.get(RECEIVERS, name) or {"id": name, "secrets": [], "behaviour": "ok"}
    secrets, behaviour = given.get("secrets", known["secrets"]), given.get("behaviour", known["behaviour"])
    if behaviour not in BEHAVIOURS or not isinstance(secrets, list):
        return as_json(422, {"error": f"behaviour must be one of {', '.join(BEHAVIOURS)}, secrets a list"})
    world.store.save(RECEIVERS, {"id": name, "secrets": secrets, "behaviour": behaviour})
    return as_json(200, {"id": name, "behaviour": behaviour})


def received(world: World, request: Request, name: str) -> Response:
    """What a receiver has kept, the oldest first."""
    del request
    found = [each for each in world.store.tables.get(MESSAGES, {}).values() if each["receiver"] == name]
    return as_json(200, {"messages": found})


def change(world: World, request: Request) -> Response:
    """The form of the start page."""
    given = pages.fields(request)
    name = given.get("name", "").strip()
    if name.isalnum():
        secrets = [word for word in given.get("secrets", "").replace(",", " ").split() if word]
        behaviour = given.get("behaviour", "ok") if given.get("behaviour") in BEHAVIOURS else "ok"
        world.store.save(RECEIVERS, {"id": name, "secrets": secrets, "behaviour": behaviour})
    return pages.redirect("/")


def form() -> str:
    """How somebody tells a receiver its secret by hand."""
    choices = "".join(f"<option>{each}</option>" for each in BEHAVIOURS)
    return (
        '<form method="post" action="/receivers"><div class="row">'
        '<span><label for="receiver-name">Receiver (letters and digits)</label><br>'
        '<input id="receiver-name" name="name" size="12"></span>'
        '<span><label for="receiver-secrets">Secrets</label><br>'
        '<input id="receiver-secrets" name="secrets" size="40"></span>'
        f'<span><label for="receiver-behaviour">It answers</label><br>'
        f'<select id="receiver-behaviour" name="behaviour">{choices}</select></span>'
        '<button class="primary">Set</button></div></form>'
    )


def rows(world: World) -> list[tuple[str, ...]]:
    """What came last, for the start page."""
    return [
        tuple(escape(each[key]) for key in ("receiver", "message", "verdict", "body"))
        for each in world.store.newest(MESSAGES)
    ][:50]


def handle(world: World, route: Route, request: Request, places: dict[str, str]) -> Response:
    """Answer one message."""
    answer: Response = route.handler(world, request, **places)
    return answer


def facts(world: World, route: Route, request: Request, places: dict[str, str]) -> Facts:
    """What faults may look at: `order` is the receiver's name, `event` the kind of the message."""
    del world
    content: Json = request.read_json()
    return Facts(route.name, "receiver", order=places.get("name"), event=content.get("type"))


def add_routes(router: Router) -> None:
    """The receivers, and the calls that prepare them."""
    router.add("POST", "/receiver/{name}", receive, vendor="receiver", name="receive")
    router.add("POST", "/sandbox/receivers/{name}", prepare, vendor="control")
    router.add("GET", "/sandbox/receivers/{name}", received, vendor="control")
    router.add("POST", "/receivers", change, vendor="page")
