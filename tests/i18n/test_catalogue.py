"""The catalogues hold what the code says, and are compiled when they have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.support import Translations

from portal.translations import compile_catalogues, is_current
from tools.i18n import files
from tools.i18n.__main__ import main
from tools.i18n.check import problems
from tools.i18n.sentences import marked

TEXT = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Cart"\nmsgstr "%s"\n'


def test_every_sentence_is_translated(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check"])
    assert capsys.readouterr().out == "Every sentence is translated.\n"
    assert code == 0


def test_sentences_of_code_templates_and_mails_are_found() -> None:
    # What the catalogues hold is what the tool finds: that is checked above.
    found = {message.id for message in marked(files.read(files.catalogue_files()[0]))}
    # In a service, a template, a mail and a form.
    assert "This coupon was withdrawn." in found
    assert "There is a problem" in found
    assert "Receipt for your order %(number)s" in found
    assert "Postcode" in found
    # Within a text that is put together.
    assert "Among a hundred buyers this one has the place %(place)s." in found


@pytest.mark.parametrize("path", files.catalogue_files(), ids=lambda path: path.parts[-3])
def test_the_files_are_as_the_tool_writes_them(path: Path) -> None:
    assert files.formatted(files.read(path)) == path.read_bytes()


def test_each_kind_of_fault_is_named() -> None:
    wanted = Catalog(locale="ko")
    for sentence in ("New", "Open", "Held", "Hello %(name)s", "Sent", "Paid %(share)s", "Per cent"):
        wanted.add(sentence)
    wanted.add(("%(num)s item", "%(num)s items"))
    held = Catalog(locale="ko")
    held.add("Open", "")
    held.add("Held", "보류", flags=["fuzzy"])
    held.add("Hello %(name)s", "안녕하세요")
    held.add("Sent", " 전송")
    held.add("Paid %(share)s", "%(share)s % 결제")
    held.add(("%(num)s item", "%(num)s items"), ("상품",))
    held.add("Per cent", "% 단위")
    held.add("Gone", "없음")
    assert problems(held, wanted) == [
        "a % that is no placeholder: 'Paid %(share)s'",
        "a % that is no placeholder: 'Per cent'",
        "fuzzy: 'Held'",
        "missing: 'New'",
        "not translated: 'Open'",
        "obsolete: 'Gone'",
        "placeholders differ: '%(num)s item'",
        "placeholders differ: 'Hello %(name)s'",
        "space at an end: 'Sent'",
    ]


def test_renewing_keeps_translations_and_guesses_none() -> None:
    old = Catalog(locale="ko")
    old.add("Cart", "장바구니")
    old.add("Gone", "없음")
    wanted = Catalog()
    wanted.add("Cart")
    wanted.add("Carts")
    renewed = files.renewed(old, wanted)
    assert {message.id: message.string for message in marked(renewed)} == {"Cart": "장바구니", "Carts": ""}


def test_a_catalogue_is_compiled_when_it_has_changed(tmp_path: Path) -> None:
    source = tmp_path / "ko" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(TEXT % "카트")
    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert compile_catalogues(tmp_path) == []
    assert is_current(source)

    source.write_text(TEXT % "장바구니")
    # An older file that was checked out over a newer one counts as changed too.
    os.utime(source, ns=(1, 1))
    assert compile_catalogues(tmp_path) == [source.with_suffix(".mo")]
    assert Translations.load(str(tmp_path), ["ko"]).gettext("Cart") == "장바구니"
    assert [file.name for file in source.parent.iterdir() if file.name.startswith(".")] == []


def test_without_compiled_catalogues_sentences_stay_english(tmp_path: Path) -> None:
    assert Translations.load(str(tmp_path), ["ko"]).gettext("Cart") == "Cart"
