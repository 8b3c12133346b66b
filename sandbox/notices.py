"""Signed notices to the portal: sent in the background, tried again, and spoiled on demand."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import orjson
import urllib3

from sandbox.faults import Facts, Fault
from sandbox.http import Json
from sandbox.store import new_id
from sandbox.world import World

_RETRY_S = (1, 2, 5, 15, 60, 300, 900, 3600, 3600, 3600)
_OUT_OF_ORDER_MS = 1500
# So much later than a false copy the true notice leaves, that it does not overtake it on a busy machine.
_AFTER_THE_FALSE_MS = 50
_HOUR_S = 3600
_OK = 300

Signer = Callable[[str, bytes, int, str], dict[str, str]]


def sign_stripe(event_id: str, body: bytes, at: int, secret: str) -> dict[str, str]:
    """docs.stripe.com/webhooks#verify-manually"""
    del event_id
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return {"stripe-signature": f"t={at},v1={mac.hexdigest()}"}


def sign_standard(event_id: str, body: bytes, at: int, secret: str) -> dict[str, str]:
    """The scheme of Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def sign_adyen(event_id: str, body: bytes, at: int, secret: str) -> dict[str, str]:
    """docs.adyen.com/development-resources/webhooks: basic authentication; the signature is in the item."""
    del event_id, body, at
    user, _, rest = secret.partition(":")
    password = rest.rpartition(":")[0]
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def seal_adyen(body: bytes, secret: str) -> bytes:
    """The item, signed over eight of its values and put into its envelope (…/webhooks/verify-hmac-signatures)."""
    item: Json = orjson.loads(body)["data"]
    values = [item.get(name, "") for name in _ADYEN_FIRST]
    values += [item["amount"]["value"], item["amount"]["currency"], item["eventCode"], item["success"]]
    key = bytes.fromhex(secret.rpartition(":")[2])
    mac = hmac.new(key, ":".join(map(str, values)).encode(), hashlib.sha256).digest()
    signed = {**item, "additionalData": {**item["additionalData"], "hmacSignature": base64.b64encode(mac).decode()}}
    return orjson.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": signed}]})


_ADYEN_FIRST = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
SIGNERS: dict[str, Signer] = {
    "stripe": sign_stripe,
    "paylink": sign_standard,
    "adyen": sign_adyen,
    "portone": sign_standard,
    "trackhub": sign_standard,
}
# Vendors whose signature is in the body, over some values of it, and not in a header.
SEALERS: dict[str, Callable[[bytes, str], bytes]] = {"adyen": seal_adyen}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a vendor's notices go and with what they are signed."""

    url: str
    secret: str
    events: frozenset[str] | None = None  # None: all of them.


class Notices:
    """The outgoing post. Deliveries that were due when the process died are sent after the restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="notices")
        self._http = urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(connect=2, read=15))
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Take up what was not delivered."""
        for delivery in list(self._world.store.tables.get("deliveries", {}).values()):
            if delivery["state"] == "due":
                self._start(delivery, 0)

    def send(self, vendor: str, event: Json, targets: list[Target], facts: Facts, *, wait_ms: int = 0) -> None:
        """Send an event, with the fault that a rule asks for. `event` has an id and a type; `wait_ms` holds it back."""
        wanted = [each for each in targets if each.events is None or event["type"] in each.events]
        fault = self._world.faults.take(facts) if wanted else None
        for target in wanted:
            self._send_to(target, vendor, event, fault, wait_ms)

    def _send_to(self, target: Target, vendor: str, event: Json, fault: Fault | None, wait_ms: int) -> None:
        kind = fault.kind if fault else ""
        wait_ms += self._world.config.webhook_delay_ms
        if kind in ("late", "out_of_order") and fault:
            wait_ms += fault.delay_ms or _OUT_OF_ORDER_MS
        if kind in ("forged", "altered", "stale"):
            self._post(target, vendor, event, wait_ms, spoil=kind)
            wait_ms += max(wait_ms, _AFTER_THE_FALSE_MS)
        if kind == "wrong_amount":
            self._post(target, vendor, _with_wrong_amount(event), wait_ms)
            wait_ms += max(wait_ms, _AFTER_THE_FALSE_MS)
        if kind == "twice":
            self._post(target, vendor, event, wait_ms)
        self._post(target, vendor, event, wait_ms, lost=kind == "lost")

    def send_again(self, delivery_id: str) -> bool:
        """Send one delivery once more, whatever became of it."""
        delivery = self._world.store.get("deliveries", delivery_id)
        if delivery is None:
            return False
        delivery["state"] = "due"
        self._world.store.save("deliveries", delivery)
        self._start(delivery, 0)
        return True

    def _post(
        self, target: Target, vendor: str, event: Json, wait_ms: int, *, spoil: str = "", lost: bool = False
    ) -> None:
        delivery = {
            "id": new_id("dlv", 12),
            "vendor": vendor,
            "event": event["id"],
            "type": event["type"],
            "url": target.url,
            "secret": target.secret,
            "body": orjson.dumps(event).decode(),
            "spoil": spoil,
            "state": "lost" if lost else "due",
            "tries": 0,
            "status": None,
        }
        self._world.store.save("deliveries", delivery)
        if not lost:
            self._start(delivery, wait_ms)

    def _start(self, delivery: Json, wait_ms: int) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery, wait_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Json, wait_ms: int) -> None:
        await asyncio.sleep(wait_ms / 1000)
        for pause_s in (*_RETRY_S, 0):
            if self._world.store.get("deliveries", delivery["id"]) is None:
                return  # Everything was forgotten meanwhile.
            work = partial(self._try, delivery)
            status = await asyncio.get_running_loop().run_in_executor(self._pool, work)
            done = status is not None and status < _OK
            delivery.update(tries=delivery["tries"] + 1, status=status, state="done" if done else "due")
            if delivery["spoil"] or (not done and not pause_s):
                delivery["state"] = "done" if delivery["spoil"] else "given_up"
            if self._world.store.get("deliveries", delivery["id"]) is not None:
                self._world.store.save("deliveries", delivery)
                self._world.store.flush()
            if delivery["state"] != "due":
                return
            await asyncio.sleep(pause_s)

    def _try(self, delivery: Json) -> int | None:
        body, at, secret = delivery["body"].encode(), int(time.time()), delivery["secret"]
        if delivery["spoil"] == "stale":
            at -= _HOUR_S
        if delivery["spoil"] == "forged":
            secret = _other_secret(delivery["vendor"], secret)
        headers = SIGNERS[delivery["vendor"]](delivery["event"], body, at, secret)
        sealer = SEALERS.get(delivery["vendor"])
        if sealer is not None:
            body = sealer(body, secret)
        if delivery["spoil"] == "altered":
            body = body.replace(b'"value":', b'"value":1') if sealer else body + b" "
        try:
            answer = self._http.request(
                "POST", delivery["url"], body=body, headers={**headers, "content-type": "application/json"}
            )
        except (urllib3.exceptions.HTTPError, OSError):
            return None
        return answer.status

    def close(self) -> None:
        """Stop sending. What is due stays due."""
        for task in self._tasks:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _other_secret(vendor: str, secret: str) -> str:
    if vendor in SEALERS:
        return f"{secret.rpartition(':')[0]}:{b'not the secret'.hex()}"
    return "whsec_" + base64.b64encode(b"not the secret").decode()


def _with_wrong_amount(event: Json) -> Json:
    copy: Json = orjson.loads(orjson.dumps(event))
    copy["id"] = new_id("evt")
    thing = copy["data"].get("object", copy["data"])
    if isinstance(thing.get("amount"), dict):
        thing["amount"]["value"] += 1
    for name in ("amount", "amount_received", "amount_capturable", "captured"):
        if isinstance(thing.get(name), int) and not isinstance(thing[name], bool) and thing[name]:
            thing[name] += 1
    return copy
