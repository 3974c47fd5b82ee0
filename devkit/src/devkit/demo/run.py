"""A demo from its file to its totals: the plan of what will happen, the connections, the replay, the check at the end."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from aiokafka import AIOKafkaProducer

from chassis.auth import Role
from devkit.demo import fates, letters
from devkit.demo.events import Agenda, Pay, Place, Report, Reverse
from devkit.demo.facts import TOPICS, Facts
from devkit.demo.replay import Replay
from devkit.demo.report import remarks_of, stored_troubles, totals_of, units_by_bucket
from devkit.demo.sending import DemoError, Kafka, Repeats, Web
from devkit.demo.shop import HOLD, Shop
from devkit.demo.supply import receipts
from devkit.quiet import Quiet
from devkit.services import PARTITIONS
from devkit.verification.report import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from devkit.demo.events import Event
    from devkit.demo.invoices import Book
    from devkit.demo.report import Totals
    from devkit.services import Services

STEP = timedelta(hours=1)
OPENING_HOUR = 5
HTTP_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the file makes of a demo. `processes` of each service."""

    book: Book
    exact: bool = False
    duplicate_share: float = 0.0

    @property
    def start(self) -> datetime:
        """In the morning of the first day: products first, stock an hour later."""
        return min(event.at for event in self.known_events()) if self.book.invoices else _nothing()

    @property
    def opening(self) -> datetime:
        first = min(at for at in (*(one.placed_at for one in self.book.invoices), *(one.at for one in self.book.corrections)))
        return first.replace(hour=OPENING_HOUR, minute=0, second=0, microsecond=0)

    @property
    def end(self) -> datetime:
        return max(event.at for event in self.known_events())

    def known_events(self) -> Iterator[Event]:
        """All that is settled before anything happens."""
        skus = {line.sku for invoice in self.book.invoices for line in invoice.lines}
        skus |= {correction.sku for correction in self.book.corrections}
        for sku in sorted(skus):
            yield from map(Report, letters.item_posts(sku, self.book.titles.get(sku, sku), self.opening))
        for receipt in receipts(self.book, self.opening + STEP):
            yield Report(letters.receipt_post(receipt))
        for correction in self.book.corrections:
            yield Report(letters.correction_post(correction))
        for invoice in self.book.invoices:
            yield Place(invoice.placed_at, invoice)
            yield from (Pay(at, invoice, answer) for at, answer in fates.payments(invoice))
        yield from self._reversals()

    def _reversals(self) -> Iterator[Event]:
        placed: dict[str, list[datetime]] = {}
        for invoice in self.book.invoices:
            placed.setdefault(invoice.buyer, []).append(invoice.placed_at)
        for credit in self.book.credits:
            precise = any(at <= credit.at < at + HOLD for at in placed.get(credit.customer, ()))
            yield Reverse(credit, precise=precise)
