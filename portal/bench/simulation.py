"""Named attacks beside ordinary buyers: who was caught by what, how soon, and whom it hit by mistake (FRD-01)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from portal.bench import people
from portal.bench.attacks import ATTACKS, HONEST, USUAL, Attack, Scene
from portal.config import Settings
from portal.crypto import email_index
from portal.db import transaction
from portal.process import start

CHANNEL, CURRENCY = "kr", "KRW"
PEOPLE_EACH = 7

_DECISIONS = text(
    """
    SELECT d.outcome, ARRAY(SELECT f->>'rule' FROM jsonb_array_elements(d.fired) f
                             WHERE f->>'mode' <> 'monitor' AND f->'shadow' IS NULL AND f->'snoozed' IS NULL) AS fired
      FROM risk_decision d JOIN user_account u ON u.id = d.user_id
     WHERE u.email_index = ANY(:people) AND d.event <> 'sign_in'
     ORDER BY d.decided_at, d.id
    """
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules made of one scenario. `first` is the act at which it was stopped or held, from 1; None never."""

    name: str
    acts: int
    stopped: int
    first: int | None
    rules: tuple[str, ...]

    @property
    def is_usual(self) -> bool:
        return self.name in HONEST

    @property
    def failed(self) -> bool:
        """An attack that nobody saw, or ordinary buyers who were stopped."""
        return bool(self.stopped) if self.is_usual else self.first is None


def simulate(
    settings: Settings, base: str, *, buyers: int, only: Sequence[str] = (), say: Callable[[str], None]
) -> list[Seen]:
    """Drive ordinary buyers, then each attack, against a running demo portal."""
    start(settings, name="portal simulate", connections=1)
    people.stock_up()
    pairs, code = people.choose_pairs(CHANNEL), people.make_coupon()
    wanted: dict[str, Attack] = {**HONEST, **ATTACKS}
    found = []
    for name, attack in wanted.items():
        if only and name not in only:
            continue
        count = buyers if name == USUAL else PEOPLE_EACH
        scene = Scene(f"{base}/{CHANNEL}", pairs, code, people.make_buyers(count, currency=CURRENCY))
        acted = asyncio.run(_run(attack, scene))
        found.append(_seen(name, acted))
        say(line_of(found[-1]))
    return found


async def _run(attack: Attack, scene: Scene) -> Sequence[str]:
    return await attack(scene)


def _seen(name: str, emails: Sequence[str]) -> Seen:
    with transaction() as session:
        rows = session.execute(_DECISIONS, {"people": [email_index(email) for email in emails]}).all()
    stopped = [number for number, row in enumerate(rows, start=1) if row.outcome != "allow"]
    rules = dict.fromkeys(rule for row in rows if row.outcome != "allow" for rule in row.fired)
    return Seen(name, len(rows), len(stopped), stopped[0] if stopped else None, tuple(rules))


def line_of(seen: Seen) -> str:
    """One scenario on one line."""
    if seen.is_usual:
        return f"{seen.name:<22} {seen.acts:>4} acts   {seen.stopped} false alarms   {', '.join(seen.rules)}".rstrip()
    at = f"caught at act {seen.first}" if seen.first else "NOT CAUGHT"
    return f"{seen.name:<22} {seen.acts:>4} acts   {at}   {', '.join(seen.rules)}".rstrip()
