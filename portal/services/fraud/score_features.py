"""What is known of an event at its moment, in one statement: it stands inside the checkout's transaction (FRD-10)."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText, blind_index
from portal.kit.geography import Point
from portal.rules.fraud_features import Value
from portal.rules.fraud_tables import is_crawler, is_throwaway
from portal.rules.permissions import Actor
from portal.rules.places import Place, from_json, kilometres, place_of_address
from portal.services.accounts.page_count import page_count

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MEAN_OVER = timedelta(days=180)
# Where an address or a network is as busy as this it says nothing, and counting on would cost.
COUNTED_MAX = 100
# Of fewer orders a share says little.
JUDGED_MIN = 20
# Two events within a minute are as far apart as within one: else every second would be a flight.
APART_MIN = timedelta(minutes=1)

_SQL = f"""
    SELECT u.created_at AS account_made_at, u.email, coalesce(s.device_id, :device_id) AS device_id, s.user_agent,
           s.created_at AS session_made_at,
           h.*, a.*, f.*, d.accounts AS accounts_on_device, d.first_at AS device_first_at,
           i.events_on_ip_1h, i.accounts_on_ip_24h, n.accounts AS accounts_on_network_24h,
           m.accounts AS accounts_on_address_30d,
           (SELECT count(*) FROM coupon_act c WHERE c.user_id = u.id AND c.at > :hour_ago AND c.kind = 'miss')
               AS coupon_misses_1h,
           (SELECT coalesce(sum(w.amount_minor), 0)::bigint FROM withdrawal w
             WHERE w.user_id = u.id AND w.requested_at > :month_ago AND w.currency = :currency
               AND w.status NOT IN ('refused', 'cancelled')) AS withdrawn_30d,
           (SELECT count(*) FROM refund r JOIN orders o ON o.id = r.order_id
             WHERE o.buyer_id = u.id AND r.requested_at > :quarter_ago) AS refunds_90d,
           ARRAY(SELECT DISTINCT l.mode || ':' || l.kind FROM (
                   SELECT e.mode, e.kind, e.expires_at FROM risk_list_entry e
                    WHERE e.removed_at IS NULL
                      AND (e.kind, e.value_index) IN (('user', :user_index), ('email', u.email_index),
                           ('ip', :ip_index), ('device', uuid_send(coalesce(s.device_id, CAST(:device_id AS uuid)))))
                    UNION ALL
                   SELECT e.mode, e.kind, e.expires_at FROM risk_list_entry e
                    WHERE e.removed_at IS NULL AND e.network IS NOT NULL AND e.network >>= CAST(:ip AS inet)
                    UNION ALL
                   SELECT e.mode, e.kind, e.expires_at
                     FROM payment p JOIN payment_attempt t ON t.payment_id = p.id
                     JOIN risk_list_entry e ON e.kind = 'card' AND e.removed_at IS NULL
                      AND e.value_index = convert_to(t.card->>'fingerprint', 'UTF8')
                    WHERE p.user_id = u.id AND p.created_at > :quarter_ago) l
                  WHERE l.expires_at IS NULL OR l.expires_at > :now) AS lists,
           ARRAY(SELECT g.key FROM segment_member g WHERE g.user_id = u.id) AS segments,
           ARRAY(SELECT z.rule FROM risk_snooze z
                  WHERE z.ended_at IS NULL AND z.until > :now
                    AND z.value_index IN (:user_index, :ip_index)) AS snoozed,
           c.cards_24h, c.cards_30d,
           (SELECT count(DISTINCT k.user_id)
              FROM (SELECT p.user_id FROM payment_attempt t JOIN payment p ON p.id = t.payment_id
                     WHERE t.card ->> 'fingerprint' = ANY(c.fingerprints) LIMIT {COUNTED_MAX}) k) AS accounts_on_cards,
           pl.country AS ip_country, pl.city AS ip_city, pl.latitude, pl.longitude,
           (SELECT coalesce(dc.last_ip >= CAST(:ip AS inet), false) FROM ip_table t
              LEFT JOIN LATERAL (SELECT r.last_ip FROM ip_range r WHERE r.kind = 'datacenter'
                                    AND r.first_ip <= CAST(:ip AS inet) ORDER BY r.first_ip DESC LIMIT 1) dc ON true
             WHERE t.kind = 'datacenter') AS datacenter,
           l.place AS last_place, l.decided_at AS last_at,
           (SELECT max(r.frauds * 100::numeric / r.orders)::numeric(5, 2) FROM risk_share r
             WHERE r.kind = 'store' AND r.ref = ANY(CAST(:stores AS bigint[])) AND r.orders >= {JUDGED_MIN})
               AS store_fraud_share,
           (SELECT max(r.frauds * 100::numeric / r.orders)::numeric(5, 2) FROM risk_share r
             WHERE r.kind = 'campaign' AND r.ref = ANY(CAST(:campaigns AS bigint[])) AND r.orders >= {JUDGED_MIN})
               AS coupon_fraud_share,
           (SELECT coalesce(max(r.id), 0) FROM risk_rule_release r) AS rules_stamp,
           (SELECT coalesce(max(r.id), 0) FROM fraud_model_place r) AS models_stamp
      FROM user_account u
      LEFT JOIN web_session s ON s.id = :session_id
      LEFT JOIN LATERAL (SELECT * FROM ip_range r WHERE r.kind = 'place' AND r.first_ip <= CAST(:ip AS inet)
                          ORDER BY r.first_ip DESC LIMIT 1) pl ON pl.last_ip >= CAST(:ip AS inet)
      LEFT JOIN LATERAL (SELECT k.place, k.decided_at FROM risk_decision k
                          WHERE k.user_id = u.id AND k.decided_at > :month_ago AND k.place IS NOT NULL
                          ORDER BY k.decided_at DESC LIMIT 1) l ON true,
           LATERAL (SELECT count(*) FILTER (WHERE o.paid_at IS NOT NULL) AS paid_orders,
                           avg(o.payable_minor) FILTER (WHERE o.paid_at IS NOT NULL AND o.currency = :currency)::bigint
                               AS own_mean,
                           count(*) FILTER (WHERE o.placed_at > :hour_ago) AS orders_1h,
                           count(*) FILTER (WHERE o.placed_at > :day_ago) AS orders_24h,
                           count(*) FILTER (WHERE o.placed_at > :week_ago) AS orders_7d,
                           count(*) FILTER (WHERE o.placed_at > :month_ago) AS orders_30d,
                           {
    ", ".join(
        f"coalesce(sum(o.payable_minor) FILTER (WHERE o.placed_at > :{since}"
        f" AND o.currency = :currency), 0)::bigint AS spent_{name}"
        for name, since in (("1h", "hour_ago"), ("24h", "day_ago"), ("7d", "week_ago"), ("30d", "month_ago"))
    )
}
                      FROM orders o WHERE o.buyer_id = u.id AND o.placed_at > :mean_start) h,
           LATERAL (SELECT count(*) FILTER (WHERE p.created_at > :hour_ago) AS attempts_1h,
                           count(*) FILTER (WHERE p.created_at > :day_ago) AS attempts_24h,
                           count(*) FILTER (WHERE p.status = 'failed' AND p.created_at > :hour_ago) AS declines_1h,
                           count(*) FILTER (WHERE p.status = 'failed' AND p.created_at > :day_ago) AS declines_24h,
                           count(*) FILTER (WHERE p.status = 'failed') AS declines_30d
                      FROM payment p WHERE p.user_id = u.id AND p.created_at > :month_ago) a,
           LATERAL (SELECT count(*) AS top_ups_7d,
                           coalesce(sum(p.amount_minor) FILTER (WHERE p.currency = :currency), 0)::bigint
                               AS topped_up_7d
                      FROM payment p
                     WHERE p.user_id = u.id AND p.created_at > :week_ago AND p.purpose = 'top_up'
                       AND p.status NOT IN ('failed', 'cancelled', 'expired')) f,
           LATERAL (SELECT count(DISTINCT t.card ->> 'fingerprint') FILTER (WHERE p.created_at > :day_ago) AS cards_24h,
                           count(DISTINCT t.card ->> 'fingerprint') AS cards_30d,
                           array_agg(DISTINCT t.card ->> 'fingerprint') AS fingerprints
                      FROM payment p JOIN payment_attempt t ON t.payment_id = p.id
                     WHERE p.user_id = u.id AND p.created_at > :month_ago AND t.card ->> 'fingerprint' IS NOT NULL) c,
           LATERAL (SELECT count(DISTINCT w.user_id) AS accounts, min(w.created_at) AS first_at
                      FROM (SELECT user_id, created_at FROM web_session
                             WHERE device_id = coalesce(s.device_id, :device_id) LIMIT {COUNTED_MAX}) w) d,
           LATERAL (SELECT count(*) FILTER (WHERE k.decided_at > :hour_ago) AS events_on_ip_1h,
                           count(DISTINCT k.user_id) AS accounts_on_ip_24h
                      FROM (SELECT user_id, decided_at FROM risk_decision
                             WHERE ip_index = :ip_index AND decided_at > :day_ago
                             ORDER BY decided_at DESC LIMIT {COUNTED_MAX}) k) i,
           LATERAL (SELECT count(DISTINCT k.user_id) AS accounts
                      FROM (SELECT user_id FROM risk_decision
                             WHERE network_index = :network_index AND decided_at > :day_ago
                             ORDER BY decided_at DESC LIMIT {COUNTED_MAX}) k) n,
           LATERAL (SELECT count(DISTINCT k.user_id) AS accounts
                      FROM (SELECT user_id FROM risk_decision
                             WHERE address_index = :address_index AND decided_at > :month_ago
                             ORDER BY decided_at DESC LIMIT {COUNTED_MAX}) k) m
     WHERE u.id = :user_id
"""  # noqa: S608  # Pieces of our own.
# Short enough for the driver to keep what it has read of it.
_FEATURES = text(" ".join(_SQL.split())).columns(
    email=EncryptedText("user_account.email"), user_agent=EncryptedText("web_session.user_agent")
)

# What of an address says which door it is.
_DOOR = frozenset({"country", "postcode", "line1", "line2"})
# Features that are counts, and those that are sums in the event's currency, as the statement names them.
_COUNTS = (
    "paid_orders", "orders_1h", "orders_24h", "orders_7d", "orders_30d", "attempts_1h", "attempts_24h", "declines_1h",
    "declines_24h", "declines_30d", "coupon_misses_1h", "refunds_90d", "cards_24h", "cards_30d", "top_ups_7d",
)  # fmt: skip
_SUMS = ("spent_1h", "spent_24h", "spent_7d", "spent_30d", "topped_up_7d", "withdrawn_30d")


@dataclass(frozen=True, slots=True)
class Links:
    """What this event may share with others, as blind indexes; None is not known."""

    device_id: uuid.UUID | None
    ip_index: bytes | None
    network_index: bytes | None
    address_index: bytes | None


@dataclass(frozen=True, slots=True)
class Known:
    """The features of an event, where it is, what it may share, which rules are quiet, which rules and models count."""

    values: Mapping[str, Value | None]
    place: Place | None
    links: Links
    snoozed: frozenset[str]
    rules_stamp: int
    models_stamp: int


def load_features(
    session: Session, *, actor: Actor, currency: str | None, ip: str | None, address: Mapping[str, str] | None,
    device_id: uuid.UUID | None, now: datetime, stores: Collection[int] = (), campaigns: Collection[int] = (),
) -> Known:  # fmt: skip
    """Read them for somebody known. `address` is where goods go; `device_id` counts where there is no session."""
    ip_index = blind_index(f"ip:{ip}") if ip else None
    network = subnet_of(ip) if ip else None
    network_index = blind_index(f"subnet:{network}") if network else None
    address_index = index_of_address(address)
    row = session.execute(
        _FEATURES,
        {
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "device_id": device_id,
            "currency": currency,
            "now": now,
            "hour_ago": now - HOUR,
            "day_ago": now - DAY,
            "week_ago": now - 7 * DAY,
            "month_ago": now - 30 * DAY,
            "quarter_ago": now - 90 * DAY,
            "mean_start": now - MEAN_OVER,
            "user_index": blind_index(f"user:{actor.user_id}"),
            "ip": ip if network else None,
            "ip_index": ip_index or b"",
            "network_index": network_index,
            "address_index": address_index,
            "stores": list(stores),
            "campaigns": list(campaigns),
        },
    ).one()
    pages = page_count.seen(actor.session_id)
    place = None
    if row.ip_country is not None:
        place = Place(row.ip_country, row.ip_city, Point(row.latitude, row.longitude))
    values: dict[str, Value | None] = {name: Decimal(getattr(row, name)) for name in _COUNTS}
    values |= {name: Decimal(getattr(row, name)) if currency else None for name in _SUMS}
    values |= {
        "own_mean": None if row.own_mean is None else Decimal(row.own_mean),
        "account_age": _seconds(now - row.account_made_at),
        "accounts_on_device": Decimal(max(row.accounts_on_device, 1)),
        "accounts_on_cards_30d": Decimal(max(row.accounts_on_cards, 1)),
        "device_age": None if row.device_first_at is None else _seconds(now - row.device_first_at),
        "session_age": None if row.session_made_at is None else _seconds(now - row.session_made_at),
        "pages_seen": None if pages is None else Decimal(pages),
        # This event's own account is there with it.
        "events_on_ip_1h": None if ip is None else Decimal(row.events_on_ip_1h),
        "accounts_on_ip_24h": None if ip is None else Decimal(max(row.accounts_on_ip_24h, 1)),
        "accounts_on_network_24h": None if network is None else Decimal(max(row.accounts_on_network_24h, 1)),
        "accounts_on_address_30d": None if address_index is None else Decimal(max(row.accounts_on_address_30d, 1)),
        **_of_places(place, place_of_address(address), from_json(row.last_place), row.last_at, now),
        "datacenter": row.datacenter if network else None,
        "store_fraud_share": row.store_fraud_share,
        "coupon_fraud_share": row.coupon_fraud_share,
        "throwaway_mail": is_throwaway(row.email),
        "crawler": None if row.user_agent is None else is_crawler(row.user_agent),
        "segments": frozenset(row.segments),
        "blocked_by": _lists(row.lists, "block:"),
        "trusted_by": _lists(row.lists, "allow:"),
    }
    links = Links(row.device_id, ip_index, network_index, address_index)
    return Known(values, place, links, frozenset(row.snoozed), row.rules_stamp, row.models_stamp)


def _of_places(
    here: Place | None, delivery: Place | None, last: Place | None, last_at: datetime | None, now: datetime
) -> Mapping[str, Value | None]:
    """What places say: how far goods go from here, and how far and fast this buyer has come since his event before."""
    travelled = kilometres(here, last)
    speed = None
    if travelled is not None and last_at is not None:
        speed = Decimal(travelled * HOUR // max(now - last_at, APART_MIN))
    delivered = kilometres(here, delivery)
    return {
        "ip_country": here.country if here else None,
        "delivery_distance": None if delivered is None else Decimal(delivered),
        "travel_distance": None if travelled is None else Decimal(travelled),
        "travel_speed": speed,
    }


def subnet_of(ip: str) -> str | None:
    """The neighbourhood of an address: 256 of the fourth version, a /48 of the sixth; None for what is no address."""
    try:
        known = ipaddress.ip_address(ip)
    except ValueError:
        return None
    return str(ipaddress.ip_network((known, 24 if known.version == 4 else 48), strict=False))


def index_of_address(address: Mapping[str, str] | None) -> bytes | None:
    """A mark that two deliveries to the same door share, however they are spaced or written in capitals."""
    told = {name: "".join(text.casefold().split()) for name, text in (address or {}).items() if name in _DOOR and text}
    if not told:
        return None
    return blind_index("address:" + orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode())


def _lists(entries: list[str], mode: str) -> frozenset[str]:
    return frozenset(entry.removeprefix(mode) for entry in entries if entry.startswith(mode))


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(seconds=1))
