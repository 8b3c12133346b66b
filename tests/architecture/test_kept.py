"""Promises about the parts of pages that are kept in the process (blueprints/kept.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jinja2 import nodes

# They are parsed once, and that by one worker.
pytestmark = pytest.mark.xdist_group("templates")

# What one page or person has and another has not. `here` is made of the request's address.
PERSONAL = frozenset(
    {
        "caller",
        "cart_count",
        "config",
        "csrf_token",
        "current_user",
        "g",
        "get_flashed_messages",
        "here",
        "live_url",
        "notice_count",
        "request",
        "session",
        "theme",
    }
)


def macro_of(trees: dict[str, nodes.Template], template: str, name: str) -> tuple[str, nodes.Macro] | None:
    """The file and definition of a macro that a template has of its own or imports."""
    for macro in trees[template].find_all(nodes.Macro):
        if macro.name == name:
            return template, macro
    for imported in trees[template].find_all(nodes.FromImport):
        for one in imported.names:
            original, known_as = one if isinstance(one, tuple) else (one, one)
            if known_as == name and isinstance(imported.template, nodes.Const):
                assert not imported.with_context, f"{template} imports {name} with its context"
                return macro_of(trees, imported.template.value, original)
    return None


def kept_macros(trees: dict[str, nodes.Template]) -> Iterator[tuple[str, nodes.Macro]]:
    for template, tree in trees.items():
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "kept":
                first = call.args[0]
                assert isinstance(first, nodes.Name), f"{template}:{call.lineno}: kept() takes a macro by its name"
                found = macro_of(trees, template, first.name)
                assert found, f"{template}:{call.lineno}: {first.name} is no macro"
                yield found


def names_in(trees: dict[str, nodes.Template], template: str, node: nodes.Node, seen: set[tuple[str, str]]) -> set[str]:
    """Every name that is read there, in the macros that are called from it and in what it includes."""
    found = {one.name for one in node.find_all(nodes.Name) if one.ctx == "load"}
    for name in tuple(found):
        called = macro_of(trees, template, name)
        if called and (called[0], name) not in seen:
            seen.add((called[0], name))
            found |= names_in(trees, *called, seen)
    for included in node.find_all(nodes.Include):
        assert isinstance(included.template, nodes.Const)
        found |= names_in(trees, included.template.value, trees[included.template.value], seen)
    return found


def test_what_is_kept_asks_for_nothing_personal(trees: dict[str, nodes.Template]) -> None:
    kept = list(kept_macros(trees))
    assert len(kept) >= 8
    wrong = {
        f"{template}: {macro.name}": sorted(names_in(trees, template, macro, set()) & PERSONAL)
        for template, macro in kept
    }
    assert {name: asked for name, asked in wrong.items() if asked} == {}


def test_what_is_kept_stands_in_files_of_macros_alone(trees: dict[str, nodes.Template]) -> None:
    """So it is a module that all pages share, and has nothing of a page around it."""
    for template, _macro in kept_macros(trees):
        assert not list(trees[template].find_all((nodes.Extends, nodes.Block))), template
