"""Compile what the tests run, once and on all cores: each of their many processes would compile all of it for itself.

    python -m tools.compiled

Done again it does nothing until a file changes. What cannot be compiled is left to whoever imports it, who says why.
"""

from __future__ import annotations

import ast
import marshal
import os
import py_compile
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import _pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("portal", "sandbox", "migrations", "tools", "tests")
PLAIN = sys.implementation.cache_tag
# What pytest calls a file whose asserts it has rewritten, so that they say what they compared.
REWRITTEN = f"{PLAIN}-pytest-{_pytest.__version__}"
HEADER_BYTES = 16
AT_ONCE = 8


def main() -> None:
    """Compile every file that is not compiled as it is now."""
    if todo := [path for path in sources() if not is_current(path)]:
        with ProcessPoolExecutor() as pool:
            list(pool.map(compile_file, todo, chunksize=AT_ONCE))


def sources(root: Path = ROOT) -> Iterator[Path]:
    for top in FOLDERS:
        for folder, inner, names in os.walk(root / top):
            inner[:] = [name for name in inner if name != "__pycache__"]
            yield from (Path(folder, name) for name in names if name.endswith(".py"))


def is_rewritten(path: Path) -> bool:
    """Whether pytest rewrites the asserts of a file when it is imported."""
    return path.name == "conftest.py" or path.name.startswith("test_") or path.stem.endswith("_test")


def compiled(path: Path) -> Path:
    return path.parent / "__pycache__" / f"{path.stem}.{REWRITTEN if is_rewritten(path) else PLAIN}.pyc"


def is_current(path: Path) -> bool:
    """Whether a file is compiled as it is now, by the first bytes: of which Python, time and size of the source."""
    try:
        with compiled(path).open("rb") as file:
            return file.read(HEADER_BYTES) == header(path.stat())
    except OSError:
        return False


def header(source: os.stat_result) -> bytes:
    numbers = (0, int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF)
    return MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in numbers)


def compile_file(path: Path) -> None:
    with suppress(SyntaxError, ValueError, OSError, py_compile.PyCompileError):
        if is_rewritten(path):
            rewrite(path)
        else:
            py_compile.compile(str(path), doraise=True)


def rewrite(path: Path) -> None:
    """Write what pytest would write when it imports the file; at once, as another may read it meanwhile."""
    from _pytest.assertion.rewrite import rewrite_asserts

    before, source = path.stat(), path.read_bytes()
    tree = ast.parse(source, filename=str(path))
    rewrite_asserts(tree, source, str(path))
    code = compile(tree, str(path), "exec", dont_inherit=True)
    kept = compiled(path)
    kept.parent.mkdir(exist_ok=True)
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
    unfinished.write_bytes(header(before) + marshal.dumps(code))
    unfinished.replace(kept)


if __name__ == "__main__":
    main()
