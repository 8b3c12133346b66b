"""The trace from the requirements register to the tests."""

from __future__ import annotations

from pathlib import Path

from tools.lint.words import known_lines, known_requirements
from tools.trace.read import shown_by, without_test

SUITE = '''
import pytest
pytestmark = [pytest.mark.req("CAT-01")]

@pytest.mark.req("PAY-10", "PAY-06")
@pytest.mark.ux("B20")
def test_marked(): ...

def test_told():
    """Gives back what was taken (REF-02)."""

@pytest.mark.req("BAL-01")
class TestAll:
    def test_inside(self): ...

@pytest.mark.req("BAL-02")
def no_test(): ...
'''


def test_markers_and_docstrings_are_read(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(SUITE)
    shown = shown_by(tmp_path / "tests")
    assert sorted(shown) == ["B20", "BAL-01", "CAT-01", "PAY-06", "PAY-10", "REF-02"]
    assert shown["BAL-01"] == ["tests/test_one.py::test_inside"]


def test_what_no_test_names_is_said() -> None:
    missing = without_test({"PAY-10": ["tests/test_one.py::test_marked"]}, known_requirements())
    assert "PAY-10" not in missing
    assert "PAY-06" in missing


def test_lines_of_the_checklist_are_told_apart_from_the_register() -> None:
    assert without_test({"PAY-10": ["tests/test_one.py::test_marked"]}, frozenset({"B07"})) == ["B07"]
    assert {"B01", "B28"} < known_lines()
