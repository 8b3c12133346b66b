"""Whether a coupon may be used for a cart, with every check that was made on the way (CPN-03, CPN-07)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from portal.kit.errors import Rejection
from portal.rules.coupons.benefits import discount_of, is_in_currency
from portal.rules.coupons.conditions import parse
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.terms import UNLIMITED, CouponTerms, Standing
from portal.rules.pricing import Discount, PricedLine, Target


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its name, and why it failed if it did."""

    name: str
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True)
class EligibilityResult:
    """What became of one coupon: a discount, or the first rejection."""

    terms: CouponTerms
    checks: tuple[Check, ...]
    discount: Discount | None = None
    alone_minor: int = 0

    @property
    def rejection(self) -> Rejection | None:
        return next((check.rejection for check in self.checks if check.rejection), None)

    @property
    def is_eligible(self) -> bool:
        return self.discount is not None


def evaluate(terms: CouponTerms, facts: Facts, standing: Standing = UNLIMITED) -> EligibilityResult:
    """Check one coupon against one cart. `alone_minor` of the result is what it would save by itself."""
    checks: list[Check] = []
    for name, rejection in (("state", _state(terms, facts, standing)), ("currency", _currency(terms, facts))):
        checks.append(Check(name, rejection))
        if rejection:
            return EligibilityResult(terms, tuple(checks))
    conditions = [(one.name, parse(one)) for one in terms.conditions]
    covered: Sequence[PricedLine] = facts.lines
    if terms.store_id is not None:
        covered = [line for line in covered if line.store_id == terms.store_id]
        checks.append(Check("issuer", None if covered else reject(Code.WRONG_STORE)))
    covered = [line for line in covered if all(condition.covers(line) for _, condition in conditions)]
    for name, condition in conditions:
        checks.append(Check(name, condition.check(facts, covered)))
    if not covered:
        checks.append(Check("covered", reject(Code.WRONG_PRODUCTS)))
    if any(check.rejection for check in checks):
        return EligibilityResult(terms, tuple(checks))
    discount = discount_of(terms, facts, covered, standing)
    if terms.target is Target.SHIPPING:
        eligible = sum(fee.fee_minor for fee in facts.shipping if fee.store_id in discount.store_ids)
    else:
        eligible = sum(line.gross_minor for line in covered)
    alone = discount.takes(eligible)
    checks.append(Check("effect", None if alone else reject(Code.NO_EFFECT)))
    return EligibilityResult(terms, tuple(checks), discount if alone else None, alone)


def evaluate_all(coupons: Iterable[tuple[CouponTerms, Standing]], facts: Facts) -> tuple[EligibilityResult, ...]:
    """Check every coupon of a wallet. A rejection names the coupons that could be used instead (CPN-07)."""
    results = [evaluate(terms, facts, standing) for terms, standing in coupons]
    usable = sorted((result for result in results if result.is_eligible), key=lambda one: -one.alone_minor)
    keys = tuple(result.terms.key for result in usable)[:3]
    return tuple(result if result.is_eligible else _with_alternatives(result, keys) for result in results)


def _state(terms: CouponTerms, facts: Facts, standing: Standing) -> Rejection | None:
    if standing.is_revoked:
        return reject(Code.REVOKED)
    if standing.is_ended or (terms.ends_at is not None and facts.now >= terms.ends_at):
        return reject(Code.EXPIRED, ended_at=min(terms.valid_until or facts.now, facts.now))
    if facts.now < terms.valid_from:
        return reject(Code.NOT_STARTED, starts_at=terms.valid_from)
    if standing.is_paused:
        return reject(Code.PAUSED)
    for left, code in (
        (standing.user_uses_left, Code.ALREADY_USED),
        (standing.code_uses_left, Code.CODE_USED_UP),
        (standing.uses_left, Code.USED_UP),
        (standing.day_uses_left, Code.DAY_USED_UP),
        (standing.budget_left_minor, Code.BUDGET_SPENT),
    ):
        if left is not None and left <= 0:
            return reject(code)
    return None


def _currency(terms: CouponTerms, facts: Facts) -> Rejection | None:
    return None if is_in_currency(terms, facts.currency) else reject(Code.WRONG_CURRENCY, currency=facts.currency)


def _with_alternatives(result: EligibilityResult, keys: tuple[str, ...]) -> EligibilityResult:
    checks = tuple(
        Check(check.name, replace(check.rejection, alternatives=keys)) if check.rejection else check
        for check in result.checks
    )
    return EligibilityResult(result.terms, checks)
