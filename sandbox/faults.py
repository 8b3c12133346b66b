"""Trouble on demand. A rule says which calls or notices it meets, what goes wrong, and how often."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.http import Json
from sandbox.store import new_id

CALL_FAULTS = (
    "timeout_before",  # Nothing is done and no answer comes.
    "timeout_after",  # It is done, and no answer comes.
    "reset_before",  # Nothing is done, and the answer breaks off.
    "reset_after",  # It is done, and the answer breaks off in the middle.
    "rate_limit",  # 429, nothing is done.
    "error_before",  # 500, nothing is done.
    "error_after",  # It is done, and the answer is 500, now and for every repetition of the key.
    "slow",  # It is done after delay_ms, whether or not anyone still waits.
)
NOTICE_FAULTS = (
    "late",  # After delay_ms.
    "twice",  # The same notice two times.
    "lost",  # Never.
    "out_of_order",  # Later than the notice that follows it.
    "forged",  # A copy with a wrong signature comes first.
    "altered",  # A copy whose body was changed after signing comes first.
    "stale",  # A copy that was signed an hour ago comes first.
    "wrong_amount",  # A well signed copy about another amount comes first, with an id of its own.
)
KINDS = CALL_FAULTS + NOTICE_FAULTS
CALLS = (
    "any",
    "charge",
    "capture",
    "void",
    "refund",
    "fetch",
    "save",
    "dispute",
    "receipt",
    "report",
    "receive",
    "notice",
    "label",
    "fetch_label",
    "void_label",
)


@dataclass(slots=True)
class Fault:
    """One rule. Every given condition must hold; `times` None means for ever.

    `every` leaves the others alone: the rule meets the first call that fits, and then each so-manieth.
    """

    kind: str
    on: str = "any"
    vendor: str | None = None
    card: str | None = None  # The last digits of the number.
    amount: int | None = None
    order: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    event: str | None = None  # The type of a notice.
    times: int | None = 1
    delay_ms: int = 0
    every: int = 1
    id: str = ""
    met: int = 0
    fitted: int = 0

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call or a notice when a rule is looked for."""

    on: str
    vendor: str
    card: str | None = None
    amount: int | None = None
    order: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    event: str | None = None


class Faults:
    """The rules in force, oldest first."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.search_lag_ms = 0

    def add(self, given: Json) -> Fault:
        """Raises ValueError or TypeError for a rule that makes no sense."""
        rule = Fault(**given)
        if rule.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        if rule.on not in CALLS:
            raise ValueError(f"on must be one of {', '.join(CALLS)}")
        if rule.kind in NOTICE_FAULTS:
            rule.on = "notice"
        if rule.every < 1:
            raise ValueError("every must be 1 or more")
        rule.id = new_id("fault", 8)
        self.rules.append(rule)
        return rule

    def take(self, facts: Facts) -> Fault | None:
        """The first rule that meets these facts; one that has met its last is dropped."""
        for rule in self.rules:
            if _meets(rule, facts):
                rule.fitted += 1
                if (rule.fitted - 1) % rule.every:
                    continue
                rule.met += 1
                if rule.times is not None and rule.met >= rule.times:
                    self.rules.remove(rule)
                return rule
        return None

    def remove(self, rule_id: str | None = None) -> None:
        """Drop one rule, or all."""
        self.rules = [rule for rule in self.rules if rule_id is not None and rule.id != rule_id]


def _meets(rule: Fault, facts: Facts) -> bool:
    notice = facts.on == "notice"
    if (rule.kind in NOTICE_FAULTS) != notice or (not notice and rule.on not in ("any", facts.on)):
        return False
    wanted: list[tuple[Any, Any]] = [
        (rule.vendor, facts.vendor),
        (rule.amount, facts.amount),
        (rule.order, facts.order),
        (rule.event, facts.event),
    ]
    if any(want is not None and want != have for want, have in wanted):
        return False
    if rule.card is not None and not (facts.card or "").endswith(rule.card):
        return False
    return all(facts.metadata.get(name) == value for name, value in rule.metadata.items())
