"""A demo on running services: its connections, the replay, and at the end the check and the totals."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from aiokafka import AIOKafkaProducer

from chassis.auth import Role
from devkit.demo.clearance import Outcome
from devkit.demo.events import Agenda
from devkit.demo.facts import TOPICS, Facts
from devkit.demo.history import History, busiest
from devkit.demo.letters import SELLER
from devkit.demo.mails import caught
from devkit.demo.plan import end_of, known_events, opening_of
from devkit.demo.replay import Replay
from devkit.demo.report import remarks_of, stored_troubles, totals_of, units_by_bucket
from devkit.demo.sending import DemoError, Kafka, Repeats, Web
from devkit.demo.shelf import Curves
from devkit.demo.shop import Shop
from devkit.quiet import Quiet
from devkit.topics import PARTITIONS
from devkit.verification.report import verify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from devkit.demo.invoices import Book
    from devkit.demo.report import Totals
    from devkit.deployment import Deployment

STEP = timedelta(hours=1)
HTTP_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How the file is replayed. `duplicate_share`: of the inbound messages, those that come twice."""

    exact: bool = False
    duplicate_share: float = 0.0


async def replay(book: Book, services: Deployment, manner: Manner, moved: Callable[[datetime, int, int], None]) -> Totals:
    """Replay `book`, which has orders, on services that have been started with a driven clock and no tick yet.

    Raises DemoError, NotQuietError, KafkaError; ProcessFailedError when a service does not get ready.
    """
    start, earlier = opening_of(book), caught(services.mail_folder)
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(_producer(services))
        await kafka.tick(start)
        services.wait_ready()
        quiet = await stack.enter_async_context(await Quiet.open(_urls(services), services.groups, services.bootstrap))
        curves = Curves(frozenset(busiest(book)))
        facts = await Facts.open(services.bootstrap, dict.fromkeys(TOPICS, PARTITIONS), curves)
        stack.push_async_callback(facts.close)
        web = await stack.enter_async_context(_web(services))
        agenda = Agenda()
        agenda.add(known_events(book))
        repeats = Repeats(manner.duplicate_share)
        driver = Replay(agenda, Shop(), kafka, web, facts, quiet, repeats, None if manner.exact else STEP, moved)
        begin = time.monotonic()
        await driver.run(start, end_of(book))
        seconds = time.monotonic() - begin
        return await _totals(book, services, driver, seconds, caught(services.mail_folder) - earlier)


async def _totals(book: Book, services: Deployment, driver: Replay, seconds: float, mails: Mapping[str, int]) -> Totals:
    """`mails`: how often each was caught."""
    if driver.now is None:
        raise DemoError("the clock never moved")
    statuses = await driver.quiet.wait(driver.now)
    report = await verify(services.dsns, driver.now)
    parked, quarantined = stored_troubles(statuses.values())
    more = {
        "records published": driver.kafka.sent,
        "HTTP commands": driver.web.sent,
        "units credited but not sold in these days": driver.shop.unmatched_units,
    }
    tally, outcomes = driver.facts.tally, driver.shop.clearance.outcomes
    unended = {"orders": driver.shop.open_orders, "removals": outcomes[Outcome.OPEN]}
    return totals_of(
        tally,
        outcomes,
        await units_by_bucket(services.dsns["inventory"]),
        parked=parked,
        quarantined=quarantined,
        duplicates_absorbed=sum(status.repeated for status in statuses.values()) - tally.retold,
        seconds=seconds,
        violations=[
            *report.violations,
            *(f"demo: {number} {things} have not ended" for things, number in unended.items() if number),
            *tally.mails.violations(mails),
        ],
        remarks=remarks_of(tally, book.left_out, more),
        history=_history(book, driver.shop, driver.facts.curves),
    )


def _history(book: Book, shop: Shop, curves: Curves) -> History:
    drawn = curves.drawn()
    return History(shop.outcomes, {sku: drawn[sku] for sku in busiest(book)}, book.titles)


def _urls(services: Deployment) -> dict[str, str]:
    return {process.name: process.url for process in services.processes}


@asynccontextmanager
async def _producer(services: Deployment) -> AsyncIterator[Kafka]:
    producer = AIOKafkaProducer(bootstrap_servers=services.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        yield Kafka(producer)
    finally:
        await producer.stop()


@asynccontextmanager
async def _web(services: Deployment) -> AsyncIterator[Web]:
    tokens = {role: services.issuer.token(role) for role in (Role.STOREFRONT, Role.OPERATOR)}
    tokens[Role.SELLER] = services.issuer.token(Role.SELLER, seller_id=SELLER)
    async with httpx.AsyncClient(timeout=HTTP_SECONDS_MAX) as client:
        yield Web(client, {service: services.urls(service) for service in services.dsns}, tokens)
