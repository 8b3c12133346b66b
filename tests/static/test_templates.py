"""What the strict content policy and the htmx conventions ask of every template file."""

import re
from pathlib import Path

import pytest
from flask import Flask

from portal.assets import ROOT

TEMPLATES = Path(ROOT).parent / "templates"
PAGES = [p for p in sorted(TEMPLATES.rglob("*.html")) if p.relative_to(TEMPLATES).parts[0] != "email"]
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on, which needs eval": re.compile(r"\bhx-on[:\s=-]"),
    "hx-boost": re.compile(r"\bhx-boost\b"),
    "an inline script": re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", re.IGNORECASE),
    "javascript: address": re.compile(r"(?:href|action)\s*=\s*[\"']\s*javascript:", re.IGNORECASE),
}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_a_template_has_nothing_inline(page: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_icons_of_a_template_are_vendored(page: Path, gallery: Flask) -> None:
    icon = gallery.jinja_env.globals["icon"]
    for name in re.findall(r"\bicon\(\"([a-z0-9-]+)\"", page.read_text("utf-8")):
        assert icon(name)  # type: ignore[operator]  # A global of any type.
