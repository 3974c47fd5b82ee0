"""verify finds what is wrong: each of its checks goes red for a change that somebody made behind the services' back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from contracts.inventory import Disposition
from contracts.removals import RemovalMessage
from contracts.values import Channel
from contracts.warehouse import UnitsReceived
from devkit.databases import DatabaseServer
from devkit.services import migrated
from devkit.verification import agreement, mail_agreement, removal_agreement
from devkit.verification.checks import CHECKS, SERVICES
from devkit.verification.report import Report, verify

from support.embedded import unique_name
from support.mails import contact_set
from support.plants import AGREEMENT_PLANTS, MAIL_PLANTS, PLANTS, REMOVAL_PLANTS, Plant
from support.removals import an_item, canceled, drafted, parcel, picking, requested
from support.removals import units as removal_units
from support.seller import CENTER, HOME, WEDNESDAY, Seller, a_line, a_package, units
from support.trade import Trade, open_trade

SHOP = Seller("shop")
LATER = WEDNESDAY + timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Books:
    """Databases after a day of trade, with the time at which they were left."""

    server: DatabaseServer
    dsns: dict[str, str]
    now: datetime

    def copy(self, service: str) -> dict[str, str]:
        """The same, with a database of `service` that may be spoiled."""
        original = self.dsns[service].rsplit("/", 1)[1]
        name = unique_name("spoiled")
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {original} OWNER {original}")
        return {**self.dsns, service: self.dsns[service].rsplit("/", 1)[0] + f"/{name}"}

    def spoil(self, dsn: str, statement: str) -> None:
        admin = self.server.admin_dsn.rsplit("/", 1)[0]
        DatabaseServer(f"{admin}/{dsn.rsplit('/', 1)[1]}").execute(statement)


def make_databases(server: DatabaseServer) -> dict[str, str]:
    return {service: server.create_database(unique_name(service)) for service in SERVICES}


async def trade_for_a_day(trade: Trade) -> None:
    """One order in every state, one that was refused, a late parcel, and an answer for an order that never comes."""
    await trade.tell(SHOP.offer(), SHOP.receipt(40), SHOP.receipt(10, "plate"), SHOP.receipt(9, at=HOME))
    await trade.tell(SHOP.order("o-open", a_line(), a_line("plate", 2)), SHOP.order("o-pending"), SHOP.order("o-canceled"))
    await trade.tell(SHOP.order("o-shipped", channel=Channel.SELLER), SHOP.order("o-part"), SHOP.order("o-late"))
    await trade.tell(SHOP.order("o-refused", a_line(quantity=1000)), SHOP.buyer_cancel("o-canceled"))
    for name in ("o-open", "o-shipped", "o-part", "o-late", "o-never"):
        await trade.tell(SHOP.verified(name))
    await trade.advance(LATER)
    await trade.tell(SHOP.confirm("o-shipped", a_package("1", units(1, 1)), a_package("2", units(1, 2))))
    await trade.tell(SHOP.parcel("o-part", a_package("1", units(1, 2))))
    await trade.tell(SHOP.cancel("o-late"), SHOP.parcel("o-late", a_package("1", units(1, 3))), SHOP.loss(1))
    await remove(trade)


async def remove(trade: Trade) -> None:
    """A removal in every state, and a mail whose outcome nobody knows."""
    trade.mail_server.cut.add("r-canceled")
    await trade.tell(contact_set(seller_id=SHOP.id), drafted().model_copy(update={"removal_id": "r-draft"}))
    await trade.tell(
        UnitsReceived(seller_id=SHOP.id, sku="mug", location_id=CENTER, quantity=4, disposition=Disposition.DEFECTIVE)
    )
    some = requested(an_item("mug", 2, 1))
    await trade.tell(*(named(some, name) for name in ("r-open", "r-picking", "r-gone", "r-canceled")))
    await trade.tell(named(requested(an_item("mug", 1000)), "r-refused"), named(canceled(), "r-canceled"))
    await trade.tell(named(picking(), "r-picking"))
    await trade.tell(named(parcel("1", removal_units(1, 2), removal_units(2, 1)), "r-gone"))
    await trade.send_mails()


def named(message: RemovalMessage, removal_id: str) -> RemovalMessage:
    return message.model_copy(update={"removal_id": removal_id})


@pytest_asyncio.fixture(scope="module")
async def books(postgres: DatabaseServer) -> AsyncIterator[Books]:
    dsns = make_databases(postgres)
    await migrated(dsns)
    async with open_trade(dsns) as trade:
        await trade_for_a_day(trade)
    yield Books(postgres, dsns, LATER)
    for dsn in dsns.values():
        drop(postgres, dsn)


@pytest.fixture
def spoiled(books: Books, plant: Plant) -> Iterator[dict[str, str]]:
    dsns = books.copy(plant.service)
    books.spoil(dsns[plant.service], plant.statement)
    yield dsns
    books.server.execute(f"DROP DATABASE {dsns[plant.service].rsplit('/', 1)[1]} WITH (FORCE)")


def drop(server: DatabaseServer, dsn: str) -> None:
    server.drop_database(dsn.rsplit("/", 1)[1])


def texts_of(report: Report, check: str, service: str) -> list[str]:
    (finding,) = [finding for finding in report.findings if (finding.name, finding.service) == (check, service)]
    return list(finding.violations)


async def test_books_of_a_day_in_which_nothing_was_spoiled_have_no_violation(books: Books) -> None:
    report = await verify(books.dsns, books.now)
    assert report.violations == []
    assert (report.parked, report.quarantined) == (0, 0)
    empty = [finding.name for finding in report.findings if not finding.count]
    assert empty in ([], ["no deadline is overdue (S9)"] * 2)  # inventory and notifications set no deadlines


@pytest.mark.parametrize("plant", PLANTS, ids=str)
async def test_what_somebody_spoils_is_found_and_named(plant: Plant, spoiled: dict[str, str], books: Books) -> None:
    report = await verify(spoiled, books.now)
    texts = texts_of(report, plant.check, plant.service)
    assert any(plant.named in text for text in texts), report.violations


@pytest.mark.parametrize("plant", AGREEMENT_PLANTS, ids=str)
async def test_services_that_do_not_agree_are_found_and_named(plant: Plant, spoiled: dict[str, str], books: Books) -> None:
    report = await verify(spoiled, books.now)
    texts = texts_of(report, agreement.NAME, "orders and inventory")
    assert any(plant.named in text for text in texts), report.violations


@pytest.mark.parametrize("plant", REMOVAL_PLANTS, ids=str)
async def test_removals_that_inventory_does_not_agree_about_are_found(
    plant: Plant, spoiled: dict[str, str], books: Books
) -> None:
    report = await verify(spoiled, books.now)
    texts = texts_of(report, removal_agreement.NAME, "removals and inventory")
    assert any(plant.named in text for text in texts), report.violations


@pytest.mark.parametrize("plant", MAIL_PLANTS, ids=str)
async def test_causes_without_their_mail_are_found(plant: Plant, spoiled: dict[str, str], books: Books) -> None:
    report = await verify(spoiled, books.now)
    texts = texts_of(report, mail_agreement.NAME, "notifications")
    assert any(plant.named in text for text in texts), report.violations


def test_there_is_something_planted_for_every_check() -> None:
    checks = {(check.service, check.name) for check in CHECKS}
    assert {(plant.service, plant.check) for plant in PLANTS} == checks
    assert len(AGREEMENT_PLANTS) == 4, "each way in which a line can differ"


async def test_where_something_must_be_nothing_is_a_violation(postgres: DatabaseServer, books: Books) -> None:
    """A check that looked at no row has shown nothing."""
    dsns = make_databases(postgres)
    await migrated(dsns)
    report = await verify(dsns, books.now)
    silent = [finding.name for finding in report.findings if not finding.violations]
    for dsn in dsns.values():
        drop(postgres, dsn)
    may_be_empty = {check.name for check in CHECKS if not check.must_find} | {removal_agreement.NAME, mail_agreement.NAME}
    assert set(silent) == may_be_empty
    assert all("nothing was there to be checked" in text for text in report.violations)


async def test_time_makes_deadlines_overdue(books: Books) -> None:
    """The books are as they were, and two months later nobody has acted upon them."""
    report = await verify(books.dsns, books.now + timedelta(days=60))
    overdue = texts_of(report, "no deadline is overdue (S9)", "orders")
    assert [name for name in ("o-open", "o-part", "o-never") if not any(name in text for text in overdue)] == []
