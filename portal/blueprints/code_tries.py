"""Codes that are typed where coupons are used: those that open nothing are counted, and after a few of them no further
code is even looked at, so that nobody can try out which exist (CPN-02, FRD-05).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from portal.blueprints.velocity import act_of, count_act, request_source
from portal.crypto import blind_index
from portal.db import atomically
from portal.kit import clock
from portal.services.accounts.throttle import COUPON_CODE, Attempt, TooOftenError, throttle
from portal.services.coupons.note_act import note_misses


@dataclass
class CodeTries:
    """The codes that may be looked at; `fault` says why not all of them."""

    codes: tuple[str, ...] = ()
    attempts: dict[str, Attempt] = field(default_factory=dict)
    fault: TooOftenError | None = None
    missed: tuple[str, ...] = ()

    def settle(self, unknown: Collection[str]) -> None:
        """Forget the tries that opened something."""
        for code, attempt in self.attempts.items():
            if code not in unknown:
                throttle.take_back(attempt)
        self.missed = tuple(code for code in self.attempts if code in unknown)


def admit_codes(codes: Sequence[str], *, known: Iterable[str] = (), user_id: uuid.UUID | None = None) -> CodeTries:
    """Which of the codes (in normal form) may be looked at. Those that are `known` to be kept are not counted anew.

    With `user_id` only his account is counted: where a program asks for people, its address says nothing of them.
    """
    tries, known = CodeTries(), set(known)
    for code in codes:
        if code in known:
            tries.codes += (code,)
            continue
        mark = blind_index(f"coupon:{code}").hex()
        try:
            attempt = act_of(user_id, COUPON_CODE, mark=mark) if user_id else count_act(COUPON_CODE, mark=mark)
        except TooOftenError as fault:
            tries.fault = fault
        else:
            tries.attempts[code] = attempt
            tries.codes += (code,)
    return tries


def keep_misses(tries: CodeTries, *, user_id: uuid.UUID | None) -> None:
    """Write down what opened nothing."""
    if tries.missed:
        note = partial(note_misses, user_id=user_id, codes=tries.missed, source=request_source(), now=clock.now())
        atomically(note)
