"""The engine of the trees as a page server loads it."""

import subprocess
import sys

import pytest

LOADED = """
import sys
import numpy as np
from portal.learning import boosting
boosting.load_engine_alone()
assert "xgboost" in sys.modules and "sklearn" not in sys.modules
import xgboost
values = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)
trained = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(values, label=[0, 0, 1, 1]), 3)
trees = bytes(trained.save_raw("json")).decode()
model = boosting.Model(("one",), trees, (np.array([-9.0, 9.0]), np.array([0.0, 1.0])))
assert np.allclose(model.contributions(values).sum(axis=1), model.margin(values), atol=1e-5)
assert "sklearn" not in sys.modules
from sklearn.isotonic import IsotonicRegression  # Whoever needs it has it.
"""


@pytest.mark.req("FRD-09")
def test_models_are_asked_without_what_only_training_needs() -> None:
    """In a process of its own: here others have loaded everything."""
    done = subprocess.run([sys.executable, "-c", LOADED], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
