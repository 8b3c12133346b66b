"""Posting templates where two currencies meet, as those in `posting` (REF-07)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.rules.posting import AccountKind, EntryKind, Line, clearing, of_platform


def gateway_exchanged(
    *,
    gateway: str,
    charged_currency: str,
    charged_minor: int,
    currency: str,
    settled_minor: int,
    worth_minor: int,
) -> tuple[Line, ...]:
    """A gateway settles in another currency than it charged, by its own report.

    `worth` is what was charged at the rate of its payment; what the gateway gives beyond that is an exchange gain, and
    what is short of it a loss (REF-07).
    """
    return _kept(
        [
            Line(clearing(gateway, charged_currency), charged_minor),
            Line(of_platform(AccountKind.OUTSIDE, charged_currency), -charged_minor),
            Line(clearing(gateway, currency), -settled_minor),
            Line(of_platform(AccountKind.OUTSIDE, currency), worth_minor),
            Line(of_platform(AccountKind.FX_DIFFERENCE, currency), settled_minor - worth_minor),
        ]
    )


def fx_difference(*, currency: str, loss_minor: int) -> tuple[Line, ...]:
    """A refund in another currency has its payment's rate: what it costs beyond that at the rate of today (REF-07).

    In the platform's currency; below zero it is a gain.
    """
    return _kept(
        [
            Line(of_platform(AccountKind.FX_DIFFERENCE, currency), -loss_minor),
            Line(of_platform(AccountKind.OUTSIDE, currency), loss_minor),
        ]
    )


def _kept(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.amount_minor)


FX_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.GATEWAY_EXCHANGED: gateway_exchanged,
    EntryKind.FX_DIFFERENCE: fx_difference,
}
