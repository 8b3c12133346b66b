"""One run of `portal import orders`: files by their header, orders in groups, each order whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.cli.imports._catalogue_run import CatalogueRun, OptionsMissingError, _progress
from portal.cli.imports._orders_goods import Catalogue, Found, OlistCatalogue, OwnCatalogue
from portal.cli.imports._orders_olist import OlistOrders, which
from portal.cli.imports._orders_own import OwnOrders, is_own
from portal.cli.imports._orders_parsed import ParsedOrder
from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.queries.channels import ChannelView, channel_directory, forget_channels
from portal.rules.permissions import SYSTEM
from portal.services.accounts.import_buyer import import_buyers
from portal.services.catalogue.importing.ensure import ensure_channel
from portal.services.catalogue.importing.olist import which as which_of_catalogue
from portal.services.catalogue.importing.rows import BadRow, FileUnreadableError, header_of
from portal.services.orders.import_order import ImportedOrder, import_orders, known_refs
from portal.services.orders.import_plan import plan_order

GROUP = 100
NOBODY = UUID(int=0)

Sourced = tuple[Path, ParsedOrder]


class Reader(Protocol):
    def read(self) -> Iterator[Sourced]: ...


class OrdersRun:
    """Takes files and counts. `tell` gets a line for every row that was refused and every oddity that is named."""

    def __init__(
        self,
        *,
        channel: str,
        currency: str | None,
        country: str | None,
        time_zone: str | None,
        tell: Callable[[str], None],
    ) -> None:
        self._code = channel
        self._currency = currency
        self._country = country
        self._time_zone = time_zone
        self._tell = tell
        self.imported = self.known = self.refused = self.unordered = 0
        self.differences: list[int] = []

    def take(self, files: Sequence[Path]) -> None:
        """Read all files. Raises FileUnreadableError, OptionsMissingError, PortalError; what was taken before stays."""
        own: list[Path] = []
        of_olist: dict[str, list[Path]] = {}
        of_catalogue: list[Path] = []
        for file in files:
            columns = header_of(file)
            if is_own(columns):
                own.append(file)
            elif kind := which(columns):
                of_olist.setdefault(kind, []).append(file)
            elif which_of_catalogue(columns):
                of_catalogue.append(file)
            else:
                raise FileUnreadableError(f"{file} has columns of no kind that is known; docs/imports.md names them.")
        if of_olist:
            missing = {"orders", "items", "payments", "customers"} - set(of_olist)
            if missing:
                raise OptionsMissingError(f"Olist's orders need these files as well: {', '.join(sorted(missing))}.")
        channel = self._open_channel()
        zone = ZoneInfo(self._time_zone or channel.time_zone)
        country = self._country or channel.country
        if of_catalogue:
            goods = CatalogueRun(channel=self._code, currency=channel.currency, country=country, tell=self._tell)
            goods.take(of_catalogue)
            self.refused += goods.refused
        if of_olist:
            olist = OlistOrders(
                of_olist, currency=channel.currency, country=country, zone=zone, refuse=self._refuse, bar=_progress
            )
            self._take(olist, OlistCatalogue(channel, country), channel)
        if own:
            ours = OwnOrders(
                own, currency=channel.currency, country=country, zone=zone, refuse=self._refuse, bar=_progress
            )
            self._take(ours, OwnCatalogue(channel), channel)

    def summary(self) -> str:
        """What was done, in one line."""
        more, less = (sum(d for d in self.differences if d * sign > 0) for sign in (1, -1))
        parts = [f"{self.imported} orders imported", f"{self.known} known already", f"{self.refused} rows refused"]
        parts.append(f"{len(self.differences)} payment differences")
        if self.differences:
            parts[-1] += f" ({self._money(more)} more and {self._money(-less)} less than owed)"
        if self.unordered:
            parts.append(f"{self.unordered} with dates out of their order")
        return ", ".join(parts)

    def _open_channel(self) -> ChannelView:
        def ensured(session: Session) -> tuple[int, str]:
            return ensure_channel(
                session, code=self._code, currency=self._currency, country=self._country, now=clock.now()
            )

        channel_id, self._channel_currency = atomically(ensured)
        forget_channels()
        return channel_directory().by_id(channel_id)

    def _take(self, reader: Reader, catalogue: Catalogue, channel: ChannelView) -> None:
        checked = self._checked(reader, channel)
        while group := list(islice(checked, GROUP)):
            try:
                self._write(group, catalogue, channel)
            except (PortalError, DBAPIError):
                self._one_by_one(group, catalogue, channel)
        with transaction() as session:
            catalogue.price(session, clock.now())

    def _checked(self, reader: Reader, channel: ChannelView) -> Iterator[Sourced]:
        """Orders whose amounts and states can be taken, so that one that cannot does not undo a group."""
        now = clock.now()
        for file, order in reader.read():
            try:
                draft = order.draft(buyer_id=NOBODY, store_of=lambda _: 0, variant_of=lambda _: 0)
                plan_order(draft, prefix="", currency=channel.currency, now=now)
            except PortalError as refusal:
                self._refuse(file, order.line, f"order {order.ref}: {refusal}")
            else:
                yield file, order

    def _one_by_one(self, group: Sequence[Sourced], catalogue: Catalogue, channel: ChannelView) -> None:
        """The slow way, to find out which order it was."""
        for file, order in group:
            try:
                self._write([(file, order)], catalogue, channel)
            except PortalError as refusal:
                self._refuse(file, order.line, f"order {order.ref}: {refusal}")
            except DBAPIError as fault:
                reason = str(fault.orig).strip().splitlines()[0]
                self._refuse(file, order.line, f"order {order.ref}: the database refuses it: {reason}")

    def _write(self, group: Sequence[Sourced], catalogue: Catalogue, channel: ChannelView) -> None:
        def work(session: Session) -> tuple[Found, list[ImportedOrder]]:
            now = clock.now()
            known = known_refs(session, [order.ref for _, order in group])
            new = [order for _, order in group if order.ref not in known]
            found = catalogue.ensure(session, new, now)
            both = Found()
            both.add(catalogue.found)
            both.add(found)
            buyers = import_buyers(session, drafts=[order.buyer for order in new])
            drafts = [
                order.draft(
                    buyer_id=buyers[order.buyer.ref],
                    store_of=both.stores.__getitem__,
                    variant_of=lambda goods: both.variants[goods.key],
                )
                for order in new
            ]
            return found, import_orders(session, drafts=drafts, channel=channel, actor=SYSTEM, now=now)

        found, taken = atomically(work)
        catalogue.found.add(found)
        self._count(group, {one.ref: one for one in taken}, catalogue)

    def _count(self, group: Sequence[Sourced], taken: dict[str, ImportedOrder], catalogue: Catalogue) -> None:
        self.imported += len(taken)
        self.known += len(group) - len(taken)
        for file, order in group:
            one = taken.get(order.ref)
            if one is None:
                continue
            catalogue.note(order)
            self.unordered += not order.dates.are_in_order
            for remark in order.remarks:
                self._tell(f"{file.name}:{order.line}: order {order.ref}: {remark}")
            if one.difference_minor:
                self.differences.append(one.difference_minor)
                paid = one.payable_minor + one.difference_minor
                self._tell(
                    f"{file.name}:{order.line}: order {order.ref}: owed {self._money(one.payable_minor)}, "
                    f"paid {self._money(paid)}, difference {self._money(one.difference_minor)}"
                )

    def _refuse(self, file: Path, line: int, reason: str) -> None:
        self.refused += 1
        self._tell(str(BadRow(file.name, line, reason)))

    def _money(self, amount_minor: int) -> str:
        return str(Money(amount_minor, self._channel_currency))
