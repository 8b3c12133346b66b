"""The figures of a run, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.bench.journey import Purchase
from portal.bench.usage import Memory

PERCENTS = (50, 95, 99)
MEBIBYTE = 1024**2


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank); 0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]


@dataclass(frozen=True, slots=True)
class Level:
    """What one number of concurrent buyers came to. Times in seconds; `cpu_s` by group of processes."""

    buyers: int
    purchases: tuple[Purchase, ...]
    failures: tuple[str, ...]
    wall_s: float
    cpu_s: dict[str, float]
    statements: int
    transaction_ends: int
    floor_tps: float
    memory: Memory | None

    @property
    def per_s(self) -> float:
        return len(self.purchases) / self.wall_s if self.wall_s else 0.0

    def per_purchase(self, amount: float) -> float:
        return amount / len(self.purchases) if self.purchases else 0.0

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Processor milliseconds per purchase by group."""
        return {name: self.per_purchase(seconds * 1000) for name, seconds in self.cpu_s.items()}

    @property
    def server_cpu_ms(self) -> float:
        """Without the driver and the stand-ins of the outside world."""
        return sum(ms for name, ms in self.cpu_ms.items() if name not in {"driver", "sandbox", "mail catcher"})

    def times_ms(self) -> dict[str, list[float]]:
        """p50, p95, p99 in milliseconds."""
        columns = {
            "placing": [one.placing_s for one in self.purchases],
            "click to paid": [one.paid_s for one in self.purchases],
            "journey": [one.journey_s for one in self.purchases],
        }
        return {name: [percentile(v, p) * 1000 for p in PERCENTS] for name, v in columns.items()}

    def as_json(self) -> dict[str, Any]:
        return {
            "buyers": self.buyers,
            "purchases": len(self.purchases),
            "failures": list(self.failures),
            "wall_s": self.wall_s,
            "purchases_per_s": self.per_s,
            "times_ms": {name: dict(zip(("p50", "p95", "p99"), v, strict=True)) for name, v in self.times_ms().items()},
            "requests": self.per_purchase(sum(one.requests for one in self.purchases)),
            "other_requests": self.per_purchase(sum(one.other_requests for one in self.purchases)),
            "statements": self.per_purchase(self.statements),
            "transaction_ends": self.per_purchase(self.transaction_ends),
            "cpu_ms": self.cpu_ms,
            "server_cpu_ms": self.server_cpu_ms,
            "floor_tps": self.floor_tps,
            "ratio": self.per_s / self.floor_tps if self.floor_tps else None,
            "memory": asdict(self.memory) if self.memory else None,
        }


@dataclass
class Report:
    """A whole run."""

    command: str
    at: str
    cores: int
    database: dict[str, str]
    levels: list[Level] = field(default_factory=list)
    is_clean: bool | None = None

    @property
    def failed(self) -> bool:
        return self.is_clean is False or any(level.failures or not level.purchases for level in self.levels)

    def as_json(self) -> dict[str, Any]:
        return {
            "command": self.command,
            "at": self.at,
            "cores": self.cores,
            "database": self.database,
            "levels": [level.as_json() for level in self.levels],
            "check_is_clean": self.is_clean,
        }


def lines_of(level: Level) -> Iterator[str]:
    """One number of buyers as text."""
    each = level.per_purchase
    count = len(level.purchases)
    yield f"{level.buyers} buyers at once: {level.per_s:.1f} purchases/s ({count} in {level.wall_s:.1f} s)"
    for name, values in level.times_ms().items():
        shown = "  ".join(f"p{percent} {value:6.0f}" for percent, value in zip(PERCENTS, values, strict=True))
        yield f"  {name:<22}{shown}  ms"
    own, other = (sum(getattr(p, name) for p in level.purchases) for name in ("requests", "other_requests"))
    yield f"  {'per purchase':<22}{each(own):.1f} HTTP requests, {each(other):.1f} to live and card provider"
    yield (
        f"  {'':<22}{each(level.statements):.1f} SQL statements, {each(level.transaction_ends):.1f} BEGIN and COMMIT"
    )
    shown = ", ".join(f"{name} {ms:.1f}" for name, ms in level.cpu_ms.items())
    yield f"  {'CPU ms per purchase':<22}{level.server_cpu_ms:.1f} for the server ({shown})"
    if level.memory:
        pss, rss = level.memory.pss / MEBIBYTE, level.memory.rss / MEBIBYTE
        yield f"  {'memory of the server':<22}{pss:.0f} MiB PSS ({rss:.0f} MiB RSS)"
    if level.floor_tps:
        ratio = level.per_s / level.floor_tps
        yield f"  {'bare least writes':<22}{level.floor_tps:.0f} transactions/s; ratio {ratio:.3f}"
    yield f"  {'failures':<22}{len(level.failures)}"
    for reason in dict.fromkeys(level.failures[:5]):
        yield f"    {reason}"
