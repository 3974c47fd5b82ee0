"""All that is settled before anything happens: products, stock, orders, payments, credits, looks, each with its time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from devkit.demo import fates, letters
from devkit.demo.events import Look, Pay, Place, Report, Reverse
from devkit.demo.shop import HOLD
from devkit.demo.supply import receipts
from devkit.demo.wishes import looks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkit.demo.events import Event
    from devkit.demo.invoices import Book

HOUR = timedelta(hours=1)
OPENING = timedelta(hours=12)
"""Before the first day: products first, an hour later their stock, and when that is there they are offered."""
CONTACT_AFTER = timedelta(hours=4)
"""The seller names a mail address so late after the first order that some mails have to wait for it."""


def opening_of(book: Book) -> datetime:
    """When the clock begins. `book` has an invoice."""
    first_day = book.invoices[0].placed_at.date()
    return datetime.combine(first_day, time(), book.invoices[0].placed_at.tzinfo) - OPENING


def known_events(book: Book) -> Iterator[Event]:
    """In no order; later ones follow from what is heard (see shop.py)."""
    opening = opening_of(book)
    skus = {line.sku for invoice in book.invoices for line in invoice.lines}
    skus |= {correction.sku for correction in book.corrections}
    for sku in sorted(skus):
        yield Report(letters.product_post(sku, book.titles.get(sku, sku), opening))
        yield from map(Report, letters.listing_posts(sku, opening + 2 * HOUR))
    yield from (Report(letters.receipt_post(receipt)) for receipt in receipts(book, opening + HOUR))
    yield from (Report(letters.correction_post(correction)) for correction in book.corrections)
    yield Report(letters.contact_post(book.invoices[0].placed_at + CONTACT_AFTER))
    yield from map(Look, looks(opening, end_of(book)))
    for invoice in book.invoices:
        yield Place(invoice.placed_at, invoice)
        yield from (Pay(at, invoice, answer) for at, answer in fates.payments(invoice))
    yield from _reversals(book)


def end_of(book: Book) -> datetime:
    """The last time in the file."""
    return max(one.placed_at for one in book.invoices)


def _reversals(book: Book) -> Iterator[Reverse]:
    placed: dict[str, list[datetime]] = {}
    for invoice in book.invoices:
        placed.setdefault(invoice.buyer, []).append(invoice.placed_at)
    for credit in book.credits:
        in_hold = any(at <= credit.at < at + HOLD for at in placed.get(credit.customer, ()))
        yield Reverse(credit, precise=in_hold)
