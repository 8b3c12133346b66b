"""Promises about every template."""

from __future__ import annotations

from pathlib import Path

import pytest
from apiflask import APIFlask
from jinja2 import Environment, meta, nodes

import portal

PORTAL = Path(portal.__file__).parent
# They are parsed once, and that by one worker.
pytestmark = pytest.mark.xdist_group("templates")


def names(application: APIFlask) -> list[str]:
    return sorted(name for name in application.jinja_env.list_templates() if name.endswith((".html", ".txt")))


def source(application: APIFlask, name: str) -> str:
    loader = application.jinja_env.loader
    assert loader is not None
    return loader.get_source(application.jinja_env, name)[0]


def compile_once(environment: Environment, name: str, tree: nodes.Template) -> None:
    """Compile a template from its tree, where no test has yet, and keep it for all: parsing is half of the work.

    What is constant in the tree is folded by that; the names in it stay.
    """
    cache, loader = environment.bytecode_cache, environment.loader
    assert cache is not None
    assert loader is not None
    text, filename, _is_current = loader.get_source(environment, name)
    bucket = cache.get_bucket(environment, name, filename, text)
    if bucket.code is None:
        bucket.code = environment.compile(tree, name, filename)
        cache.set_bucket(bucket)


def test_every_template_compiles_and_finds_what_it_names(
    application: APIFlask, trees: dict[str, nodes.Template]
) -> None:
    lost = {}
    for name, tree in trees.items():
        named = meta.find_referenced_templates(tree)
        lost[name] = {one for one in named if one is not None} - set(trees)
        compile_once(application.jinja_env, name, tree)
        application.jinja_env.get_template(name)
    assert {name: missing for name, missing in lost.items() if missing} == {}


def test_no_macro_is_imported_and_not_used(trees: dict[str, nodes.Template]) -> None:
    idle = {}
    for name, tree in trees.items():
        imported = {
            one[1] if isinstance(one, tuple) else one for f in tree.find_all(nodes.FromImport) for one in f.names
        }
        imported |= {one.target for one in tree.find_all(nodes.Import)}
        used = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
        if imported - used:
            idle[name] = sorted(imported - used)
    assert idle == {}


@pytest.mark.parametrize("folder", ["shop", "checkout", "account", "orders", "seller", "admin", "api"])
def test_every_template_is_used(application: APIFlask, folder: str) -> None:
    """A template that nothing renders, includes or extends is a page that somebody has lost."""
    everything = names(application)
    written = "\n".join(source(application, name) for name in everything)
    code = "\n".join(file.read_text("utf-8") for file in sorted(PORTAL.rglob("*.py")))
    own = [name for name in everything if name.startswith(f"{folder}/")]
    assert [name for name in own if f'"{name}"' not in written and name not in code] == []
