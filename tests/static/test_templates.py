"""What the strict content policy and the htmx conventions ask of every template file."""

import re
from pathlib import Path

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
ICON = re.compile(r"\bicon\(\"([a-z0-9-]+)\"")


def named(page: Path) -> str:
    return page.relative_to(TEMPLATES).as_posix()


# One test for all files and not one for each: what is looked for takes less time than a test does.
def test_a_template_has_nothing_inline() -> None:
    found = []
    for page in PAGES:
        text = re.sub(r"\{#.*?#\}", "", page.read_text("utf-8"), flags=re.DOTALL)
        found += [(named(page), what) for what, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert found == []


def test_icons_of_a_template_are_vendored(gallery: Flask) -> None:
    missing = []
    for page in PAGES:
        for name in ICON.findall(page.read_text("utf-8")):
            try:
                assert gallery.jinja_env.globals["icon"](name)  # type: ignore[operator]  # A global of any type.
            except KeyError:
                missing.append((named(page), name))
    assert missing == []
