"""Messages to receivers of others: signed, in order, again for a day, and to nobody who may not be called (API-02)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from portal.broker import broker
from portal.config import Settings
from portal.db import reading, transaction
from portal.gateways import webhook_target
from portal.jobs.outbox import handle_events
from portal.jobs.webhooks import RUN_MAX, allow_targets, send_webhooks
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.rules.webhooks import EndpointState
from portal.services.accounts.make_api_client import make_api_client
from portal.services.accounts.revoke_api_client import revoke_api_client
from portal.services.outbox import Event, emit
from portal.services.webhooks.claim_delivery import endpoints_due
from portal.services.webhooks.save_endpoint import WebhookUnknownError, rotate_secret, send_test, switch_endpoint
from portal.services.webhooks.send_again import replay, send_again
from portal.stack.processes import wait_until
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import ask_refund, lines_of, rows
from tests.factories.webhook import Hook, handle_waiting, happen, make_hook
from tests.jobs.killed_worker import worker
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.req("API-02"), pytest.mark.usefixtures("books")]


def moved(state: str = "live") -> Event:
    """A fact that concerns the whole mall, about one thing."""
    return Event("campaign.moved", "campaign:1", {"state": state, "budget": 5})


def change(statement: str) -> None:
    with transaction() as session:
        session.execute(text(statement))


def states(hook: Hook) -> list[str]:
    return [state for (state,) in hook.deliveries("state")]


def state_of(hook: Hook) -> str:
    return str(rows("SELECT state FROM webhook_endpoint WHERE id = :id", id=hook.id)[0][0])


def test_a_paid_order_is_told_thinly_signed_and_once(receivers: Sandbox) -> None:
    mall = make_mall()
    hook = make_hook(receivers, kinds=["order.paid"])
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    handle_waiting()
    handle_waiting()
    hook.send()
    hook.send()

    [message] = hook.got
    assert message["verdict"] == "verified"
    body = message["body"]
    assert (body["type"], body["api_version"]) == ("order.paid", "v1")
    assert body["data"] == {"object": "order", "id": str(order.id), "number": order.number}
    [(state, attempts, status, problem)] = hook.deliveries("state", "attempts", "status_code", "problem")
    assert (state, attempts, status, problem) == ("delivered", 1, 200, None)
    [(latency, excerpt)] = rows("SELECT latency_ms, excerpt FROM webhook_attempt")
    assert latency >= 0
    assert "taken" in excerpt
    assert rows("SELECT lease FROM webhook_endpoint") == [(None,)]


def test_each_hears_of_his_own_and_of_nothing_held(receivers: Sandbox) -> None:
    mall = make_mall()
    bea, maximilian = make_person("bea", now=LONG_AGO), make_person("max")
    bowls, lamps = (make_hook(receivers, kinds=["order.paid"], store_id=store) for store in mall.store_ids[:2])
    hers, his = (make_hook(receivers, kinds=["order.paid"], user_id=one.id) for one in (bea, maximilian))
    korea, america = (make_hook(receivers, channel_id=one.id, kinds=["order.paid"]) for one in (mall.kr, mall.us))
    order = make_order(bea, mall, {make_variant(mall): 1})
    make_order(bea, mall, {make_variant(mall, store=1, krw=REVIEWED_KRW): 1}, outcome="authorised")
    handle_waiting()
    for hook in (bowls, lamps, hers, his, korea, america):
        hook.send()

    assert [one["data"]["part"] for one in bowls.bodies] == [str(order.part_ids[0])]
    assert lamps.bodies == his.bodies == america.bodies == []
    assert [one["data"]["number"] for one in hers.bodies] == [order.number]
    assert [one["data"]["number"] for one in korea.bodies] == [order.number]


def test_a_store_hears_of_refunds_of_its_own_lines_only(receivers: Sandbox) -> None:
    mall = make_mall()
    bowls, lamps = (make_hook(receivers, kinds=["refund.approved"], store_id=store) for store in mall.store_ids[:2])
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1, make_variant(mall, store=1): 1})
    ask_refund(order, {lines_of(order)[0]: 1})
    handle_waiting()
    for hook in (bowls, lamps):
        hook.send()

    assert [one["type"] for one in bowls.bodies] == ["refund.approved"]
    assert lamps.bodies == []


def test_a_client_that_ended_hears_nothing_more(receivers: Sandbox) -> None:
    mall, ada = make_mall(), make_person("ada", roles=("admin",))
    with transaction() as session:
        made = make_api_client(
            session, actor=ada.actor, user_id=ada.id, channel_id=mall.kr.id, name="BI", now=clock.now()
        )
    hook = make_hook(receivers, client_id=made.id)
    happen(moved())
    with transaction() as session:
        revoke_api_client(session, actor=ada.actor, client_id=made.id, now=clock.now())
    happen(moved("ended"))
    hook.send()

    assert hook.got == []
    assert len(states(hook)) == 1


def test_a_new_secret_and_the_old_one_hold_together_until_the_overlap_ends(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    with transaction() as session:
        secret = rotate_secret(session, endpoint_id=hook.id, overlap_hours=24, actor=SYSTEM, now=clock.now())
    happen(moved("a"))
    hook.send()
    receivers.receiver(hook.name, secrets=[secret])
    happen(moved("b"))
    hook.send()
    assert [one["verdict"] for one in hook.got] == ["verified", "verified"]

    with transaction() as session:
        before = clock.now() - timedelta(hours=25)
        rotate_secret(session, endpoint_id=hook.id, overlap_hours=24, actor=SYSTEM, now=before)
    happen(moved("c"))
    hook.send()
    assert [one["verdict"] for one in hook.got][2:] == ["forged"]
    assert states(hook) == ["delivered", "delivered", "waiting"]


def test_messages_about_one_thing_keep_their_order_and_others_pass(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    receivers.fault(kind="error_before", on="receive", vendor="receiver", order=hook.name, times=1)
    happen(moved("first"))
    hook.send()
    happen(moved("second"), Event("campaign.moved", "campaign:2", {"state": "other"}))
    change("UPDATE webhook_endpoint SET busy_until = now()")
    hook.send()
    assert [one["data"]["state"] for one in hook.bodies] == ["other"]
    hook.wait_out()
    hook.send()

    assert [one["data"]["state"] for one in hook.bodies] == ["other", "first", "second"]
    sequences = [one["sequence"] for one in hook.bodies if one["data"]["id"] == "1"]
    assert sequences == sorted(sequences)
    assert [attempts for (attempts,) in hook.deliveries("attempts")] == [2, 1, 1]


def test_a_message_waits_for_an_earlier_event_that_no_worker_has_handled(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    with transaction() as session:
        emit(session, moved("first"), moved("second"), now=clock.now())
    first, second = (row[0] for row in rows("SELECT id FROM outbox_event ORDER BY id"))
    handle_events([second])
    hook.send()
    assert hook.got == []
    handle_events([first])
    hook.send()
    assert [one["data"]["state"] for one in hook.bodies] == ["first", "second"]


def test_a_worker_that_is_killed_in_the_middle_is_followed_by_another(
    receivers: Sandbox, environment: dict[str, str]
) -> None:
    hook = make_hook(receivers)
    receivers.fault(kind="timeout_after", on="receive", vendor="receiver", order=hook.name, times=1)
    happen(moved())
    allowed = {**environment, "WEBHOOK_ALLOWED_TARGETS": f"127.0.0.1:{urlsplit(receivers.url).port}"}
    with worker(allowed, hook.id, "send_messages"):
        assert wait_until(lambda: bool(hook.got), timeout_s=10)
    hook.send()
    assert len(hook.got) == 1  # The dead one still holds it.
    with reading() as session:
        assert endpoints_due(session, now=clock.now()) == []
        assert endpoints_due(session, now=clock.now() + timedelta(seconds=30)) == [hook.id]
    hook.wait_out()
    hook.send()

    assert states(hook) == ["delivered"]
    assert len({one["message"] for one in hook.got}) == 1
    assert len(hook.got) == 2


def test_a_redirect_is_not_followed_and_a_flood_is_not_read(receivers: Sandbox) -> None:
    away, flood = make_hook(receivers, behaviour="redirect"), make_hook(receivers, behaviour="large")
    happen(moved())
    away.send()
    flood.send()

    assert away.deliveries("state", "status_code", "problem") == [("waiting", 302, "redirect")]
    assert flood.deliveries("state", "status_code") == [("delivered", 200)]
    [(longest,)] = rows("SELECT max(length(excerpt)) FROM webhook_attempt")
    assert longest == webhook_target.EXCERPT_MAX


def test_a_receiver_that_hangs_is_left_in_time(receivers: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_target, "TOTAL_TIMEOUT_S", 0.2)
    hook = make_hook(receivers)
    receivers.fault(kind="timeout_before", on="receive", vendor="receiver", order=hook.name, times=1)
    happen(moved())
    hook.send()

    assert hook.deliveries("state", "status_code", "problem") == [("waiting", None, "timeout")]


def test_410_ends_it_at_once_and_its_people_are_told(receivers: Sandbox) -> None:
    mall, sam = make_mall(), make_person("sam", store_ids=(1,))
    hook = make_hook(receivers, store_id=mall.store_ids[0], behaviour="gone")
    happen(Event("stock.low", f"store:{mall.store_ids[0]}", {"store": mall.store_ids[0], "count": 1, "goods": []}))
    hook.send()
    handle_waiting()

    assert state_of(hook) == "gone"
    assert states(hook) == ["dead"]
    assert ("webhook_stopped", sam.id) in rows("SELECT kind, user_id FROM notice")
    happen(Event("stock.low", f"store:{mall.store_ids[0]}", {"store": mall.store_ids[0], "count": 1, "goods": []}))
    assert len(states(hook)) == 1


def test_after_many_failures_it_is_off_and_goes_on_when_switched_on(receivers: Sandbox) -> None:
    ada = make_person("ada", roles=("admin",))
    hook = make_hook(receivers)
    receivers.fault(kind="error_before", on="receive", vendor="receiver", order=hook.name, times=1)
    happen(moved())
    change("UPDATE webhook_endpoint SET failures = 19, failing_since = now() - interval '2 hours'")
    hook.send()
    handle_waiting()
    assert state_of(hook) == "failed"
    assert ("webhook_stopped", ada.id) in rows("SELECT kind, user_id FROM notice")
    hook.send()
    assert states(hook) == ["waiting"]

    with transaction() as session:
        switch_endpoint(session, endpoint_id=hook.id, new=EndpointState.ON, actor=ada.actor, now=clock.now())
    hook.wait_out()
    hook.send()
    assert states(hook) == ["delivered"]
    assert rows("SELECT failures, failing_since FROM webhook_endpoint") == [(0, None)]


def test_a_message_is_given_up_after_its_day_and_goes_out_again_by_hand_or_replay(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    receivers.fault(kind="error_before", on="receive", vendor="receiver", order=hook.name, times=1)
    happen(moved())
    change("UPDATE webhook_delivery SET attempts = 10")
    hook.send()
    assert states(hook) == ["dead"]

    since = clock.now() - timedelta(hours=1)
    with transaction() as session:
        assert replay(session, endpoint_id=hook.id, since=since, actor=SYSTEM, now=clock.now()) == 1
    hook.send()
    assert states(hook) == ["delivered"]
    [(message_id,)] = hook.deliveries("message_id")
    with transaction() as session:
        send_again(session, endpoint_id=hook.id, message_id=message_id, actor=SYSTEM, now=clock.now())
    hook.send()
    assert [one["message"] for one in hook.got] == [f"msg_{message_id.hex}"] * 2
    with transaction() as session:
        assert replay(session, endpoint_id=hook.id, since=since, actor=SYSTEM, now=clock.now()) == 0


def test_replay_brings_what_happened_before_the_endpoint_was_made(receivers: Sandbox) -> None:
    happen(moved("early"))
    hook = make_hook(receivers)
    with transaction() as session:
        replay(session, endpoint_id=hook.id, since=clock.now() - timedelta(hours=1), actor=SYSTEM, now=clock.now())
    hook.send()

    assert [one["data"]["state"] for one in hook.bodies] == ["early"]


def test_a_test_message_goes_the_way_of_all_others_to_one_alone(receivers: Sandbox) -> None:
    hook, other = make_hook(receivers, kinds=["order.paid"]), make_hook(receivers)
    with transaction() as session:
        send_test(session, endpoint_id=hook.id, actor=SYSTEM, now=clock.now())
    handle_waiting()
    hook.send()
    other.send()

    assert [one["type"] for one in hook.bodies] == ["webhook.test"]
    assert other.got == []


def test_with_redis_gone_nothing_is_lost_and_changes_of_many_runs_arrive_in_order(receivers: Sandbox) -> None:
    many = 3 * RUN_MAX + 1
    hook = make_hook(receivers)
    broker.client.flushall()
    happen(*(Event("campaign.moved", f"campaign:{n % 7}", {"state": str(n)}) for n in range(many)))
    broker.client.flushall()
    send_webhooks()
    assert broker.client.llen("rq:queue:calls") > 0
    for _ in range(100):  # A run ends after some messages, or after its time.
        if "waiting" not in states(hook):
            break
        hook.send()
    else:
        pytest.fail(f"After 100 runs {states(hook).count('waiting')} of {many} messages still wait.")

    assert len({one["message"] for one in hook.got}) == many
    assert [one["data"]["state"] for one in hook.bodies] == [str(n) for n in range(many)]


def test_a_name_that_leads_into_our_network_at_the_time_of_the_call_is_refused(
    receivers: Sandbox, settings: Settings
) -> None:
    hook = make_hook(receivers)
    happen(moved())
    allow_targets(settings)
    hook.send()

    assert hook.got == []
    assert hook.deliveries("state", "problem") == [("waiting", "forbidden_address")]


def test_an_unknown_message_cannot_be_sent_again(receivers: Sandbox) -> None:
    hook = make_hook(receivers)
    with pytest.raises(WebhookUnknownError), transaction() as session:
        send_again(session, endpoint_id=hook.id, message_id=uuid.uuid4(), actor=SYSTEM, now=clock.now())
