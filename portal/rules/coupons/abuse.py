"""What looks like abuse of coupons: rules with thresholds that administrators set (CPN-14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_


class AbuseRule(StrEnum):
    """The rules. What is counted within the window, and what is suspended at the threshold, is said beside each."""

    # Accounts that took one code from one device or network: the code has leaked to a farm of accounts.
    LEAKED = "leaked"
    # Codes of one person each that one source tried in vain: what it hit in between was guessed.
    GUESSED = "guessed"
    # Coupons that one account took: faster than a person reads.
    AUTOMATED = "automated"
    # Codes of one batch that came to one device or network: they were collected or sold on.
    RESOLD = "resold"
    # Accounts on one device that hold the same coupon: one person with many faces.
    DUPLICATE = "duplicate"


class Act(StrEnum):
    """What is done at the threshold."""

    OFF = "off"
    FLAG = "flag"
    SUSPEND = "suspend"


@dataclass(frozen=True, slots=True)
class AbuseSetting:
    """A rule as it is set: from `threshold` on within `window`, `act`."""

    rule: AbuseRule
    threshold: int
    window: timedelta
    act: Act


def _default(rule: AbuseRule, threshold: int, window: timedelta) -> AbuseSetting:
    return AbuseSetting(rule, threshold, window, Act.SUSPEND)


DEFAULTS: Final[Mapping[AbuseRule, AbuseSetting]] = {
    one.rule: one
    for one in (
        _default(AbuseRule.LEAKED, 5, timedelta(hours=24)),
        _default(AbuseRule.GUESSED, 20, timedelta(hours=1)),
        _default(AbuseRule.AUTOMATED, 30, timedelta(minutes=10)),
        _default(AbuseRule.RESOLD, 10, timedelta(hours=24)),
        _default(AbuseRule.DUPLICATE, 4, timedelta(days=30)),
    )
}
THRESHOLD: Final = range(2, 100_001)
WINDOW_MINUTES: Final = range(1, 90 * 24 * 60 + 1)
APPEAL_LENGTH_MAX: Final = 2_000


class AbuseSettingUnfitError(PortalError):
    code = "abuse_setting_unfit"
    sentence = N_("A threshold is from %(low)s to %(high)s, a window from 1 minute to 90 days.")


class AppealEmptyError(PortalError):
    code = "appeal_empty"
    sentence = N_("Write what speaks for you.")


def read_setting(rule: str, *, threshold: str, window_minutes: str, act: str) -> AbuseSetting:
    """A setting as it was typed. Raises AbuseSettingUnfitError, and ValueError for a rule or act that is none."""
    kept = AbuseRule(rule), Act(act)
    numbers = [text.strip() for text in (threshold, window_minutes)]
    if not all(text.isascii() and text.isdigit() and len(text) < 8 for text in numbers):
        raise AbuseSettingUnfitError(low=THRESHOLD.start, high=THRESHOLD.stop - 1)
    count, minutes = map(int, numbers)
    if count not in THRESHOLD or minutes not in WINDOW_MINUTES:
        raise AbuseSettingUnfitError(low=THRESHOLD.start, high=THRESHOLD.stop - 1)
    return AbuseSetting(kept[0], count, timedelta(minutes=minutes), kept[1])


def read_appeal(text: str) -> str:
    """What a holder writes, as it is kept. Raises AppealEmptyError."""
    kept = text.replace("\0", "").strip()[:APPEAL_LENGTH_MAX]
    if not kept:
        raise AppealEmptyError
    return kept
