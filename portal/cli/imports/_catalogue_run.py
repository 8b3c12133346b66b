"""One run of `portal import catalogue`: files in their order, batches in transactions of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from portal.db import bulk, transaction
from portal.kit import clock
from portal.kit.money import AmountInvalidError, parse_minor
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.catalogue.importing import olist
from portal.services.catalogue.importing.apply_lines import apply_lines
from portal.services.catalogue.importing.ensure import currencies_of, ensure_channel
from portal.services.catalogue.importing.own_format import (
    RowRefusedError,
    SkuLine,
    channels_named,
    is_own,
    read_line,
)
from portal.services.catalogue.importing.rows import BadRow, FileUnreadableError, Row, header_of, read_rows
from portal.services.catalogue.open_offers import Offer, open_offers

T = TypeVar("T")
BATCH = 500


class OptionsMissingError(Exception):
    """The command needs more than was said; its text says what."""


class CatalogueRun:
    """Takes files and counts. `tell` gets a line for every row that was left out."""

    def __init__(
        self, *, channel: str | None, currency: str | None, country: str | None, tell: Callable[[str], None]
    ) -> None:
        self._channel = channel
        self._currency = currency
        self._country = country
        self._tell = tell
        self._translations: dict[str, str] = {}
        self.made = self.renewed = self.stores = self.offers = self.refused = 0

    def take(self, files: Sequence[Path]) -> None:
        """Read every file. Raises FileUnreadableError, OptionsMissingError, PortalError; what was read before stays."""
        ordered = sorted(((self._kind(file), file) for file in files), key=lambda pair: _ORDER[pair[0]])
        for kind, file in ordered:
            {
                "own": self._take_own,
                "translation": self._take_translation,
                "sellers": self._take_sellers,
                "products": self._take_products,
                "items": self._take_items,
            }[kind](file)
        with transaction() as session:
            fact = Fact(AuditAction.CATALOGUE_IMPORTED, "catalogue", after={"summary": self.summary()})
            record(session, fact, actor=SYSTEM, now=clock.now())

    def summary(self) -> str:
        """What was done, in one line."""
        parts = [f"{self.made} products made, {self.renewed} renewed"]
        parts += [f"{self.stores} stores"] if self.stores else []
        parts += [f"{self.offers} offers"] if self.offers else []
        return ", ".join([*parts, f"{self.refused} lines left out"])

    def _kind(self, file: Path) -> str:
        columns = header_of(file)
        kind = "own" if is_own(columns) else olist.which(columns)
        if kind is None:
            raise FileUnreadableError(f"{file} has columns of no kind that is known; docs/imports.md names them.")
        return kind

    def _take_own(self, file: Path) -> None:
        named = channels_named(header_of(file))
        with transaction() as session:
            channels = currencies_of(session, named)
        unknown = sorted(named - set(channels))
        if unknown:
            raise OptionsMissingError(f"{file} has prices of channels that are not there: {', '.join(unknown)}.")
        currencies = {code: currency for code, (_id, currency) in channels.items()}
        ids = {code: channel_id for code, (channel_id, _currency) in channels.items()}
        seen: set[str] = set()

        def checked(row: Row) -> SkuLine:
            line = read_line(row, currencies=currencies)
            if line.sku in seen:
                raise RowRefusedError(f"sku {line.sku} stands in this file before")
            seen.add(line.sku)
            return line

        for lines in self._batches(file, checked):
            with bulk() as session:
                applied = apply_lines(session, actor=SYSTEM, lines=lines, channel_ids=ids, now=clock.now())
            self.made += applied.made
            self.renewed += applied.renewed
            for line, reason in applied.refused:
                self._refuse(file, line, reason)

    def _take_translation(self, file: Path) -> None:
        for rows in self._batches(file, lambda row: row):
            for row in rows:
                self._translations[row["product_category_name"]] = row["product_category_name_english"]

    def _take_sellers(self, file: Path) -> None:
        currency, country = self._olist_channel()[1], self._country or "BR"
        for rows in self._batches(file, _with_id("seller_id")):
            with bulk() as session:
                self.stores += olist.save_sellers(session, actor=SYSTEM, rows=rows, currency=currency, country=country)

    def _take_products(self, file: Path) -> None:
        self._olist_channel()
        for rows in self._batches(file, _with_id("product_id")):
            with bulk() as session:
                saved = olist.save_listed_products(
                    session, actor=SYSTEM, rows=rows, translations=self._translations, now=clock.now()
                )
            self.made += saved.made
            self.renewed += len(saved.product_ids) - saved.made

    def _take_items(self, file: Path) -> None:
        channel_id, currency = self._olist_channel()

        def offer(row: Row) -> tuple[int, Offer]:
            product, seller = olist.check_id(row, "product_id"), olist.check_id(row, "seller_id")
            try:
                amount = parse_minor(row["price"], currency)
            except AmountInvalidError as refusal:
                raise RowRefusedError(f"price: {refusal}") from refusal
            return row.line, Offer(olist.product_ref(product), olist.store_ref(seller), amount)

        for found in self._batches(file, offer):
            with bulk() as session:
                offers = [each for _line, each in found]
                variants = open_offers(session, actor=SYSTEM, channel_id=channel_id, offers=offers, now=clock.now())
            self.offers += len(variants)
            for line, each in found:
                if each.key not in variants:
                    self._refuse(file, line, "its product or seller is not there: import those files first")

    def _olist_channel(self) -> tuple[int, str]:
        if self._channel is None:
            raise OptionsMissingError("Olist's files need --channel; to make it, --currency and --country as well.")

        def ensured(session: Session) -> tuple[int, str]:
            return ensure_channel(
                session, code=str(self._channel), currency=self._currency, country=self._country, now=clock.now()
            )

        with transaction() as session:
            return ensured(session)

    def _batches(self, file: Path, check: Callable[[Row], T]) -> Iterator[list[T]]:
        """Checked rows by the batch; refused ones are told and left out."""
        with _progress(file) as moved:
            checked = self._checked(file, check, moved)
            while batch := list(islice(checked, BATCH)):
                yield batch

    def _checked(self, file: Path, check: Callable[[Row], T], moved: Callable[[int], None]) -> Iterator[T]:
        for row in read_rows(file, moved=moved):
            try:
                yield check(row)
            except RowRefusedError as refusal:
                self._refuse(file, row.line, str(refusal))

    def _refuse(self, file: Path, line: int, reason: str) -> None:
        self.refused += 1
        self._tell(str(BadRow(file.name, line, reason)))


_ORDER = {"own": 0, "translation": 1, "sellers": 2, "products": 3, "items": 4}


def _with_id(column: str) -> Callable[[Row], Row]:
    def check(row: Row) -> Row:
        olist.check_id(row, column)
        return row

    return check


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the file, compressed or not: lines are not known before they are read."""
    from tqdm import tqdm

    size = file.stat().st_size
    with tqdm(total=size, unit="B", unit_scale=True, desc=f"portal: {file.name}", leave=False) as bar:

        def moved(position: int) -> None:
            bar.update(position - bar.n)

        yield moved
