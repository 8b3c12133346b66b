"""What is compiled before the tests is what Python and pytest would have compiled themselves."""

from __future__ import annotations

import os
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import PYC_TAIL, _read_pyc

from tools.compiled import compile_file, compiled, is_current, sources

SOURCE = "def test_it() -> None:\n    assert [1] == [2]\n"


@pytest.mark.parametrize("name", ["test_it.py", "it_test.py", "conftest.py"])
def test_pytest_takes_what_was_rewritten_for_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(SOURCE)
    compile_file(path)
    kept = path.parent / "__pycache__" / (path.stem + PYC_TAIL)
    assert compiled(path) == kept
    assert is_current(path)
    code = _read_pyc(path, kept)
    assert code is not None
    assert "@pytest_ar" in code.co_names


def test_python_takes_what_was_compiled_for_it(tmp_path: Path) -> None:
    path = tmp_path / "shared.py"
    path.write_text(SOURCE)
    compile_file(path)
    assert compiled(path) == Path(cache_from_source(str(path)))
    assert is_current(path)


@pytest.mark.parametrize("name", ["test_it.py", "shared.py"])
def test_what_has_changed_is_compiled_again_and_what_is_broken_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(SOURCE)
    assert not is_current(path)
    compile_file(path)
    os.utime(path, (1, 1))
    assert not is_current(path)
    compile_file(path)
    assert is_current(path)
    path.write_text("def test_it(")
    compile_file(path)
    assert not is_current(path)


def test_the_code_of_the_portal_and_of_its_tests_is_compiled() -> None:
    root = Path(__file__).parents[2]
    assert {Path(__file__), root / "portal/process.py", root / "tests/conftest.py"} <= set(sources(root))
