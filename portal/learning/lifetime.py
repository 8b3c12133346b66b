"""What customers will buy, from how often and how lately they bought: BG/NBD and Gamma-Gamma (INC-01).

BG/NBD: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (Marketing Science 24, 2005); equations by number.
Gamma-Gamma: Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). A customer is `frequency` (purchases
after the first one), `recency` (time from the first purchase to the last) and `age` (time from the first purchase until
now), all times in one unit; `value` is the mean of the purchases after the first one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Numbers = npt.NDArray[np.float64]
# Fewer customers who came again say nothing about how customers differ.
REPEATERS_MIN = 20
# Times are fitted in units of which a customer's age has so many, whatever they are given in.
_AGE = 30.0
_TINY = 1e-9


class TooLittleError(ValueError):
    """The customers say too little to fit anything; the text says why."""


@dataclass(frozen=True, slots=True)
class Customers:
    """One row per customer."""

    frequency: Numbers
    recency: Numbers
    age: Numbers

    def __post_init__(self) -> None:
        lengths = {len(self.frequency), len(self.recency), len(self.age)}
        if len(lengths) != 1:
            raise ValueError("frequency, recency and age are of the same customers")

    def __len__(self) -> int:
        return len(self.frequency)


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Purchases at a rate that differs by Gamma(r, alpha), until a dropout that differs by Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def alive(self, customers: Customers) -> Numbers:
        """The chance that each is still a customer. Who never came back counts as one, by the model."""
        return np.asarray(1 / (1 + self._odds_of_leaving(customers)), dtype=np.float64)

    def expected(self, customers: Customers, ahead: float) -> Numbers:
        """How many purchases each makes within the time `ahead` (equation 10)."""
        x, age = customers.frequency, customers.age
        a = self.a if abs(self.a - 1) > _TINY else 1 + _TINY  # The equation has a gap at one, and no step there.
        end = self.alpha + age + ahead
        shrunk = ((self.alpha + age) / end) ** (self.r + x) * hyp2f1(
            self.r + x, self.b + x, a + self.b + x - 1, ahead / end
        )
        found = (a + self.b + x - 1) / (a - 1) * (1 - shrunk) * self.alive(customers)
        return np.maximum(np.asarray(found, dtype=np.float64), 0)

    def _odds_of_leaving(self, customers: Customers) -> Numbers:
        x = customers.frequency
        grown = ((self.alpha + customers.age) / (self.alpha + customers.recency)) ** (self.r + x)
        return np.where(x > 0, self.a / (self.b + np.maximum(x, 1) - 1) * grown, 0.0)


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Purchases of a customer vary around his own mean, which differs by an inverse gamma."""

    p: float
    q: float
    v: float
    log_likelihood: float

    def expected(self, frequency: Numbers, value: Numbers) -> Numbers:
        """The mean value of each one's purchases, drawn to that of all where little is known of him.

        Infinite where q is at most one and nothing is known.
        """
        known = np.where(frequency > 0, frequency, 0.0)
        weight = self.p * known + self.q - 1
        with np.errstate(divide="ignore"):
            return np.where(weight > 0, self.p * (self.v + known * value) / np.maximum(weight, _TINY), np.inf)


def fit_bg_nbd(customers: Customers) -> BgNbd:
    """The parameters of the highest likelihood (equation 6). Raises TooLittleError."""
    if int((customers.frequency > 0).sum()) < REPEATERS_MIN:
        raise TooLittleError(f"fewer than {REPEATERS_MIN} customers came again")
    # Equal customers are counted once: a hundred thousand buyers have a few thousand different histories.
    rows, counts = np.unique(
        np.column_stack([customers.frequency, customers.recency, customers.age]), axis=0, return_counts=True
    )
    scale = float(np.mean(customers.age)) / _AGE or 1.0
    x, t_x, age = rows[:, 0], rows[:, 1] / scale, rows[:, 2] / scale

    def loss(logs: Numbers) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -20, 20))
        return -float((counts * _bg_nbd_terms(x, t_x, age, r, alpha, a, b)).sum()) / float(counts.sum())

    logs, best = _smallest(loss, 4)
    r, alpha, a, b = np.exp(np.clip(logs, -20, 20))
    # The density of a rate depends on the unit of time: once for each purchase.
    total = -best * float(counts.sum()) - float((counts * x).sum()) * float(np.log(scale))
    return BgNbd(float(r), float(alpha * scale), float(a), float(b), total)


def _bg_nbd_terms(x: Numbers, t_x: Numbers, age: Numbers, r: float, alpha: float, a: float, b: float) -> Numbers:
    """The logarithm of each customer's likelihood."""
    again = x > 0
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    common += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stayed = -(r + x) * np.log(alpha + age)
    left = np.where(again, np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
    return np.asarray(common + np.logaddexp(stayed, left), dtype=np.float64)


def fit_gamma_gamma(frequency: Numbers, value: Numbers) -> GammaGamma:
    """The parameters of the highest likelihood, of those who came again. Raises TooLittleError."""
    again = (frequency > 0) & (value > 0)
    if int(again.sum()) < REPEATERS_MIN:
        raise TooLittleError(f"fewer than {REPEATERS_MIN} customers came again and paid something")
    x, z = frequency[again], value[again]
    scale = float(np.mean(z))
    scaled = z / scale

    def loss(logs: Numbers) -> float:
        p, q, v = np.exp(np.clip(logs, -20, 20))
        terms = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        terms += (p * x - 1) * np.log(scaled) + p * x * np.log(x) - (p * x + q) * np.log(x * scaled + v)
        return -float(terms.mean())

    logs, best = _smallest(loss, 3)
    p, q, v = np.exp(np.clip(logs, -20, 20))
    return GammaGamma(float(p), float(q), float(v * scale), -best * len(x) - len(x) * float(np.log(scale)))


def _smallest(loss: object, size: int) -> tuple[Numbers, float]:
    """The least of a smooth function of logarithms, from the middle and made sure without slopes."""
    first = minimize(loss, np.zeros(size), method="L-BFGS-B")
    sure = minimize(
        loss, first.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000, "maxfev": 8000}
    )
    return np.asarray(sure.x, dtype=np.float64), float(sure.fun)
