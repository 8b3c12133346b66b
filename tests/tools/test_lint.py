"""Each rule of ours: what it finds, what it leaves alone, and how a line is let through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import database, numbers, size, templates, words
from tools.lint.run import ROOT, check, files_of
from tools.lint.source import Check, Source


def found(check: Check, text: str, path: str = "portal/services/deposits/top_up.py") -> list[tuple[int, str]]:
    return [(one.line, one.rule) for one in check(Source(path, text))]


def page(check: Check, text: str, name: str = "shop/show.html") -> list[str]:
    return [one.rule for one in check(Source(f"portal/templates/{name}", text))]


@pytest.mark.parametrize("line", ["session.commit()", "session.rollback()", "ending = session.commit"])
def test_only_the_database_module_commits(line: str) -> None:
    assert found(database.commits_elsewhere, line) == [(1, "commit")]
    assert found(database.commits_elsewhere, line, "portal/db.py") == []


def test_other_programs_keep_their_own_books() -> None:
    assert found(database.commits_elsewhere, "session.commit()", "sandbox/store.py") == []


@pytest.mark.parametrize(
    "text",
    [
        "with transaction() as session:\n    gateway.charge(request)",
        "with database.transaction():\n    if late:\n        outcome = gateway.fetch(op_key=key)",
        "with lock, transaction() as session:\n    gateways[n].void(op_key=key)",
        "x = atomically(\n    lambda s: gateway.refund(request))",
        "def work(session):\n    gateway.capture(op_key=key)\natomically(work)",
    ],
)
def test_no_gateway_is_called_with_a_transaction_open(text: str) -> None:
    assert [rule for _, rule in found(database.gateway_calls_in_transactions, text)] == ["gateway-call"]


@pytest.mark.parametrize(
    "text",
    [
        "with transaction() as session:\n    request = claim(session)\noutcome = gateway.charge(request)",
        "with transaction() as session:\n    refund(session, amount)",
        "def work(session):\n    gateway.capture(op_key=key)\nwork(None)",
    ],
)
def test_a_gateway_is_called_between_transactions(text: str) -> None:
    assert found(database.gateway_calls_in_transactions, text) == []


@pytest.mark.parametrize("line", ["fee = total * 0.029", "fee: float", "fee = float(total)", "fee = round(total, 2)"])
def test_amounts_are_exact(line: str) -> None:
    assert [rule for _, rule in found(numbers.inexact_numbers, line)] == ["float"]
    assert found(numbers.inexact_numbers, line, "portal/stack/table.py") == []


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "clock.now()"])
def test_the_instant_is_passed_in(line: str) -> None:
    assert found(numbers.own_clocks, line) == [(1, "clock")]
    assert found(numbers.own_clocks, line, "portal/jobs/payments.py") == []


def test_columns_may_be_called_now() -> None:
    assert found(numbers.own_clocks, "func.now()\nrow.today()") == []


@pytest.mark.parametrize("line", ["_(title)", 'N_(f"Hello {name}")', 'ngettext("One", many, n)', '_("a" + "b")'])
def test_sentences_are_written_out(line: str) -> None:
    assert found(words.sentences_not_literal, line) == [(1, "gettext")]


@pytest.mark.parametrize("line", ['_("Hello %(name)s", name=name)', "gettext(error.sentence)", 'ngettext("a", "b", n)'])
def test_sentences_that_are_written_out_pass(line: str) -> None:
    assert found(words.sentences_not_literal, line) == []


@pytest.mark.parametrize("mark", ["# noqa", "# noqa: S608", "# type: ignore[misc]", "# type: ignore[misc]  # noqa: S1"])
def test_an_exception_says_why(mark: str) -> None:
    assert found(words.exceptions_without_reason, f"x = 1  {mark}") == [(1, "reason")]
    assert found(words.exceptions_without_reason, f"x = 1  {mark}  # Its vendor has no types.") == []


def test_an_exception_in_a_string_is_none() -> None:
    assert found(words.exceptions_without_reason, 'x = "# noqa"') == []


@pytest.mark.parametrize("note", ["# TODO", "# TODO: later", "# FIXME tidy up"])
def test_work_left_over_says_what_it_waits_for(note: str) -> None:
    assert found(words.work_left_over, note) == [(1, "todo")]


def test_work_that_waits_for_something_may_stand() -> None:
    assert found(words.work_left_over, "# TODO: drop this with PostgreSQL 15, which lacks MERGE RETURNING") == []


def test_a_test_names_rows_of_the_register() -> None:
    text = '@pytest.mark.req("PAY-10", "PAY-99")\ndef test_x(): ...'
    assert found(words.unknown_requirements, text, "tests/test_x.py") == [(1, "req")]


def test_files_stay_short() -> None:
    assert found(size.long_files, "x = 1\n" * 350) == []
    assert found(size.long_files, "x = 1\n" * 351) == [(1, "length")]


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="color:red">x</p>',
        "<style>p { color: red }</style>",
        "<script>go()</script>",
        '<a href="#" onclick="go()">x</a>',
        '<a href="javascript:go()">x</a>',
        '<form hx-on:submit="go()"></form>',
        '{% if x %}<p\n  class="a" style="{{ colour }}">{% endif %}',
    ],
)
def test_nothing_stands_inline(markup: str) -> None:
    assert page(templates.inline_code, markup) == ["inline"]


def test_what_is_no_code_may_stand_inline() -> None:
    safe = '{# <p style="x"> #}<script type="application/json">{}</script><script src="{{ asset("app.js") }}"></script>'
    assert page(templates.inline_code, safe + '<p class="style" data-on="x">onclick=</p>') == []


def test_mails_are_styled_in_place() -> None:
    assert page(templates.inline_code, '<p style="color:red">x</p>', "email/receipt/body.html") == []


@pytest.mark.parametrize("address", ["https://cdn.example/x.js", "//cdn.example/x.js", "http://cdn.example/x.js"])
def test_nothing_is_loaded_from_elsewhere(address: str) -> None:
    assert page(templates.loads_from_elsewhere, f'<script src="{address}"></script>') == ["elsewhere"]
    assert page(templates.loads_from_elsewhere, f'<link rel="stylesheet" href="{address}">') == ["elsewhere"]
    assert page(templates.loads_from_elsewhere, f'<a href="{address}">elsewhere</a>') == []


@pytest.mark.parametrize(
    "markup",
    [
        '<div hx-get="/x">x</div>',
        '<a hx-get="/x">x</a>',
        '<a href="#" hx-get="/x">x</a>',
        '<form hx-post="/x"></form>',
        '<button hx-post="/x">x</button>',
        '<div hx-post="/x" hx-trigger="load"></div>',
        '<div hx-get="/x" hx-trigger="load, click"></div>',
        '<form action="/x"></form><input hx-get="/x">',
        '<a href="/x" hx-boost="true">x</a>',
    ],
)
def test_htmx_stands_on_what_works_without_it(markup: str) -> None:
    assert page(templates.htmx_without_a_way, markup) == ["htmx"]


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="{{ url }}" hx-get="{{ url }}">x</a>',
        '<form method="post" action="/x" hx-post="/x"></form>',
        '<form action="/x"><p><input name="q" hx-get="/x"></p></form>',
        '<form action="/x"><button hx-post="/x">x</button></form>',
        '<button form="{{ id }}" hx-post="/x">x</button>',
        '<div hx-get="/x" hx-trigger="sse:order, every 10s"></div>',
    ],
)
def test_htmx_beside_a_way_of_the_page(markup: str) -> None:
    assert page(templates.htmx_without_a_way, markup) == []


@pytest.mark.parametrize(
    "markup",
    [
        "<p>a</p><p>b</p>",
        "{% for x in y %}<p>{{ x }}</p>{% endfor %}",
        "<p>a</p> and so on",
        "{{ name }}",
        '{% if x %}<p>a</p>{% else %}<p>b</p><img src="/x" alt="">{% endif %}',
        '<img src="/x" alt=""><p>a</p>',
        '{% include "a.html" %}{% include "b.html" %}',
    ],
)
def test_a_partial_is_one_thing(markup: str) -> None:
    assert page(templates.partials_with_many_roots, markup, "shop/_card.html") == ["one-root"]
    assert page(templates.partials_with_many_roots, markup, "shop/card.html") == []


@pytest.mark.parametrize(
    "markup",
    [
        '{# Takes x. #}\n<div id="a"{% if x %} class="{{ x > 1 }}"{% endif %}><p>a</p><br><p>b</p></div>',
        "{% if x %}<p>a</p>{% elif y %}<p>b</p>{% else %}<a>c</a>{% endif %}",
        "{% if x %}<p>a</p>{% endif %}",
        '{% from "a.html" import row %}{{ row(1) }}',
        '<div title="a > b"><svg viewBox="0 0 1 1"><path d="M0"/><circle r="1"></circle></svg></div>',
        "{% macro a() %}<p>x</p>{% endmacro %}{% macro b() %}<p>x</p>{% endmacro %}",
        "{% call card() %}<p>a</p><p>b</p>{% endcall %}",
    ],
)
def test_a_partial_may_branch(markup: str) -> None:
    assert page(templates.partials_with_many_roots, markup, "shop/_card.html") == []


@pytest.mark.parametrize("text", ["{{ _(title) }}", '{{ ngettext("a", b, n) }}', '<p title="{{ _("a" ~ b) }}">'])
def test_sentences_of_templates_are_written_out(text: str) -> None:
    assert page(templates.sentences_of_templates, text) == ["gettext"]


def test_a_template_compiles() -> None:
    assert page(templates.sentences_of_templates, "{% if x %}") == ["template"]


def test_a_reason_lets_a_line_through(tmp_path: Path) -> None:
    file = tmp_path / "portal" / "rules" / "waiting.py"
    file.parent.mkdir(parents=True)
    file.write_text("# lint: allow float: seconds to wait\nWAIT_S = 1.5\nFEE = 0.5  # lint: allow float:\n")
    assert [one.line for one in check(tmp_path, Path("portal/rules/waiting.py"))] == [3]


def test_every_file_of_the_project_is_read() -> None:
    paths = {path.as_posix() for path in files_of(ROOT)}
    assert {"portal/db.py", "worker.py", "sandbox/app.py", "portal/templates/layouts/base.html"} <= paths
    assert not any("vendor" in path for path in paths)
