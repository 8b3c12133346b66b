"""What columns of numbers and words say together (FRD-10)."""

import numpy as np
import pytest

from portal.learning.relations import Relations, distance_km, find_relations, from_json
from portal.learning.windows import DAY_S
from portal.learning.words import Words, learn_encoding, meetings, worth_before

pytestmark = pytest.mark.req("FRD-10")


def test_balances_that_add_up_are_found_and_what_does_not_is_told() -> None:
    rng = np.random.default_rng(4)
    amount, before, noise = (rng.uniform(1, 1000, 5000).round(2) for _ in range(3))
    after = (before - amount).round(2)
    after[:10] = before[:10]
    numbers = {"before": before, "after": after, "noise": noise}
    found = find_relations(amount, numbers)
    assert [set(one[:2]) for one in found.sums] == [{"before", "after"}]
    (rest,) = found.columns(amount, numbers, amount, None).values()
    np.testing.assert_allclose(np.abs(rest[:10]), amount[:10], atol=0.01)
    np.testing.assert_allclose(rest[10:], 0, atol=0.01)
    assert from_json(found.to_json()) == found
    assert from_json(None) == Relations()


def test_places_are_found_by_their_names_and_distances_told() -> None:
    one = np.ones(2)
    numbers = {"lat": 37.57 * one, "long": 126.98 * one, "merch_lat": 35.18 * one, "merch_long": 129.08 * one}
    found = find_relations(one, numbers)
    assert found.places == (("lat", "long"), ("merch_lat", "merch_long"))
    numbers["merch_lat"][1] = 37.57
    columns = found.columns(one, numbers, np.array([0.0, 7200.0]), np.array([5, 5]))
    assert columns["km_0_1"][0] == pytest.approx(325, abs=5)
    assert np.isnan(columns["km_since_last_1"][0])
    north = distance_km(35.18 * one, 129.08 * one, 37.57 * one, 129.08 * one)[0]
    assert columns["km_h_since_last_1"][1] == pytest.approx(north / 2)


def test_a_word_is_learned_from_by_what_was_told_before_its_event() -> None:
    words, at_s, label = Words.of("aab"), np.array([0.0, 10.0, 20.0]) * DAY_S, np.array([1.0, 0.0, 1.0])
    before = worth_before(words, at_s, label, delay_s=DAY_S, general=0.1)
    assert before[0] == before[2] == pytest.approx(0.1)
    assert before[1] > 0.1
    assert meetings(np.array([1, 1, 1]), words, at_s).tolist() == [0, 1, 0]
    assert learn_encoding(words, label).met(Words.of("ax")).tolist() == [np.log1p(2), 0]
