"""What the documents say is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tools import ledger_doc

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAME = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
VIEW = re.compile(r"^### `(?P<view>[a-z_]+)`$(?P<body>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
COLUMN = re.compile(r"^\| `(?P<name>[a-z_]+)` \| (?P<type>[a-z]+) \|", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)#]+)(?:#[^)]*)?\)")


def read_names() -> set[str]:
    """The environment names that portal/config.py reads."""
    tree = ast.parse((ROOT / "portal" / "config.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    first = [call.args[0] for call in calls if call.args]
    names = {one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {name for name in names if re.fullmatch(r"[A-Z][A-Z_]+", name)}


@pytest.mark.req("BAL-01")
def test_the_ledger_document_is_printed_from_the_templates() -> None:
    assert (DOCS / "ledger.md").read_text("utf-8") == ledger_doc.page(), "run python -m tools.ledger_doc"


def test_the_table_of_settings_is_whole() -> None:
    assert set(NAME.findall((DOCS / "operations.md").read_text("utf-8"))) == read_names()


def test_the_readme_names_settings_that_exist() -> None:
    assert set(NAME.findall((ROOT / "README.md").read_text("utf-8"))) <= read_names()


@pytest.mark.req("AUD-01")
def test_the_auditors_views_are_documented_column_by_column(session: Session) -> None:
    rows = session.execute(
        text(
            "SELECT c.relname, a.attname, format_type(a.atttypid, NULL) AS type FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'chk' AND a.attnum > 0 ORDER BY c.relname, a.attnum"
        )
    )
    short = {"timestamp with time zone": "timestamptz"}
    real: dict[str, list[tuple[str, str]]] = {}
    for view, column, kind in rows:
        real.setdefault(view, []).append((column, short.get(kind, kind)))
    written = (DOCS / "auditing.md").read_text("utf-8")
    assert {one["view"]: COLUMN.findall(one["body"]) for one in VIEW.finditer(written)} == real


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]):
        targets = LINK.findall(re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL))
        # Pictures are made anew for a release.
        missing = [one for one in targets if not (document.parent / one).exists() and "pictures/" not in one]
        broken += [(document.relative_to(ROOT).as_posix(), one) for one in missing]
    assert broken == []
