"""The whole market: services as processes on real parts, under a clock that the test drives, and the people around them.

Tests share a market and have sellers of their own in it; time goes on for all of them.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer

from chassis.auth import Role
from contracts import inventory, orders
from contracts.clock import TICKS, Tick
from contracts.envelope import Message, Subject, Topic
from contracts.orders import Line
from contracts.values import Channel
from devkit.kafka import EmbeddedKafka
from devkit.mail.folder import parsed
from devkit.postgres import EmbeddedPostgres
from devkit.quiet import NotQuietError, Quiet
from devkit.runs import Run
from devkit.services import ServiceProcess, Services, prepare
from devkit.stack import Stack
from devkit.verification.report import Report, verify

from support.ears import Ears, open_ears
from support.embedded import unique_name
from support.eventually import eventually
from support.seller import WEDNESDAY, Seller, checkout
from support.wire import Wire, wire

READY_SECONDS = 60.0
QUIET_SECONDS = 60.0
ANSWER_SECONDS = 40.0
CONNECTIONS_MAX = 300
IDLE_SECONDS_MAX = 1.0
"""After which a connection is not used again. Shorter than the services keep one: they could close it under a request."""
FASTER = {
    "WHARF_KAFKA_SESSION_SECONDS": "6",
    "WHARF_STOP_SECONDS_MAX": "14",
    "WHARF_SMTP_ANSWER_SECONDS_MAX": "5",
    "WHARF_SMTP_WORD_SECONDS_MAX": "7",
}
"""A process that was killed is missed sooner, and one that waits for a silent mail server stops sooner."""
ANSWERERS = {
    "removals": "removals",
    "removal-stock": "removals",
    "reports": "removals",
    "mails": "notifications",
    "contact": "notifications",
}
"""Who answers a path, by its first part after the seller; orders answers all others."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a market stands on that may be broken."""

    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres


@dataclass(slots=True)
class Market:
    """One for all tests of a session, or one for tests that break something."""

    services: Services
    producer: AIOKafkaProducer
    web: httpx.AsyncClient
    ears: Ears
    watch: Quiet
    now: datetime
    settings: Mapping[str, str] = field(default_factory=lambda: FASTER)
    """Of each process that is started, beside or instead of the usual ones."""
    _tokens: dict[tuple[Role, str | None], str] = field(default_factory=dict)
    _turns: itertools.count[int] = field(default_factory=itertools.count)

    # ---- Kafka ------------------------------------------------------------------------------------------------

    async def send(self, *records: Wire) -> None:
        """Publish, in order; returns when the broker has them all."""
        sent = [await self.producer.send(one.topic, one.value, key=one.key, headers=list(one.headers)) for one in records]
        await asyncio.gather(*sent)

    async def tell(self, *messages: Message) -> None:
        """Publish messages and wait until everything that follows from them has happened."""
        await self.send(*(wire(message) for message in messages))
        await self.quiet()

    async def say(self, *messages: Message) -> None:
        """The same one after another, each when all is quiet: across topics nothing else keeps an order."""
        for message in messages:
            await self.tell(message)

    async def facts(self, seller: Seller, order_id: str) -> list[Message]:
        """What orders has told about an order."""
        await self.ears.listen()
        return self.ears.heard(orders.FACTS.name, Subject(seller.id, "order", order_id))

    async def holdings(self, seller: Seller, order_id: str) -> list[Message]:
        """What inventory has told about what an order holds."""
        await self.ears.listen()
        return self.ears.heard(inventory.RESERVATIONS.name, Subject(seller.id, "order", order_id))

    async def heard(self, topic: Topic, subjects: Iterable[Subject]) -> list[list[Message]]:
        """All facts on the topic, for each of these subjects."""
        await self.ears.listen()
        return [self.ears.heard(topic.name, subject) for subject in subjects]

    async def told(self, seller: Seller, topic: str, order_ids: Iterable[str]) -> list[list[str]]:
        """The names of all facts on the topic, for each of these orders."""
        await self.ears.listen()
        subjects = [Subject(seller.id, "order", order_id) for order_id in order_ids]
        return [[type(fact).__name__ for fact in self.ears.heard(topic, subject)] for subject in subjects]

    # ---- HTTP -------------------------------------------------------------------------------------------------

    async def post(
        self,
        path: str,
        body: object,
        *,
        role: Role = Role.STOREFRONT,
        of: Seller | None = None,
        key: str | None = None,
        wait_seconds: int = 0,
    ) -> httpx.Response:
        """To one process of the service after the other, under a key of its own unless one is given."""
        more = {"Idempotency-Key": key or unique_name("key"), "Prefer": f"wait={wait_seconds}"}
        given = self.headers(role, of) | more
        return await self.web.post(f"{self._url(path)}{path}", json=body, headers=given)

    async def put(self, path: str, body: object, *, role: Role = Role.SELLER, of: Seller | None = None) -> httpx.Response:
        given = self.headers(role, of) | {"Idempotency-Key": unique_name("key")}
        return await self.web.put(f"{self._url(path)}{path}", json=body, headers=given)

    async def get(
        self, path: str, *, role: Role = Role.OPERATOR, of: Seller | None = None, **query: str | int
    ) -> httpx.Response:
        return await self.web.get(f"{self._url(path)}{path}", params=query, headers=self.headers(role, of))

    async def place(
        self,
        seller: Seller,
        *lines: Line,
        channel: Channel = Channel.NETWORK,
        key: str | None = None,
        wait_seconds: int = 30,
    ) -> httpx.Response:
        """A buyer checks out, and waits for inventory's answer."""
        body = checkout(*lines, channel=channel)
        return await self.post(f"/sellers/{seller.id}/orders", body, key=key, wait_seconds=wait_seconds)

    async def buy(self, seller: Seller, *lines: Line) -> httpx.Response:
        """The same by a buyer who does not go away when there is a crowd."""
        key = unique_name("key")
        return await insist(lambda: self.place(seller, *lines, key=key))

    async def order(self, seller: Seller, order_id: str) -> dict[str, Any]:
        """As the seller sees it."""
        answer = await self.get(f"/sellers/{seller.id}/orders/{order_id}", role=Role.SELLER, of=seller)
        assert answer.status_code == httpx.codes.OK, answer.text
        return dict(answer.json())

    async def status(self, seller: Seller, order_id: str) -> str:
        return str((await self.order(seller, order_id))["status"])

    def headers(self, role: Role, of: Seller | None = None) -> dict[str, str]:
        """Of a caller with this role; a seller's names the seller."""
        who = (role, of.id if of is not None and role is Role.SELLER else None)
        if who not in self._tokens:
            self._tokens[who] = self.services.issuer.token(role, seller_id=who[1])
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    def _url(self, path: str) -> str:
        parts = path.strip("/").split("/")
        running = self.running_of(ANSWERERS.get(parts[2] if parts[0] == "sellers" else parts[0], "orders"))
        return running[next(self._turns) % len(running)].url

    # ---- mails ------------------------------------------------------------------------------------------------

    def caught(self, address: str) -> list[EmailMessage]:
        """What the mail catcher has for this address, first come first."""
        folder = self.services.mail_folder
        mails = [parsed(content) for name in folder.names() if (content := folder.read(name)) is not None]
        return [mail for mail in mails if mail["To"] == address]

    # ---- time and quiet ---------------------------------------------------------------------------------------

    async def pass_time(self, span: timedelta) -> None:
        """Time goes on at once by the whole span; what has become due is decided."""
        self.now += span
        await ticked(self.producer, self.now)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is under way anywhere. Raises NotQuietError."""
        self.watch.urls = {one.name: one.url for one in self.running}
        await self.watch.wait(self.now, QUIET_SECONDS)

    async def recovered(self) -> None:
        """Wait until all running processes take work again, and have done all there was."""
        await started(self.services, self.web, ())

        async def quiet() -> bool:
            try:
                await self.quiet()
            except NotQuietError as error:
                raise AssertionError(str(error)) from error
            return True

        await eventually(quiet, within_seconds=QUIET_SECONDS)

    # ---- processes and databases ------------------------------------------------------------------------------

    @property
    def running(self) -> list[ServiceProcess]:
        return [one for one in self.services.processes if one.child.is_running()]

    def running_of(self, service: str) -> list[ServiceProcess]:
        return [one for one in self.running if one.service == service]

    async def start(self, *names: str) -> None:
        """More processes of these services; returns when all are ready."""
        await started(self.services, self.web, names, self.settings)

    async def decided(self, service: str) -> list[int]:
        """Messages that each process of the service has decided."""
        found = await self.watch.statuses()
        return [status.messages_decided for name, status in sorted(found.items()) if name.startswith(service)]

    async def rows(self, service: str, statement: str, *given: object) -> list[Any]:
        database = await asyncpg.connect(self.services.dsns[service].replace("+asyncpg", ""))
        try:
            return list(await database.fetch(statement, *given))
        finally:
            await database.close()

    async def quarantined(self, service: str, sellers: Iterable[Seller]) -> list[str]:
        """Why messages were quarantined that speak of one of these sellers, by key or by body."""
        names = [seller.id for seller in sellers]
        statement = """SELECT reason FROM quarantine WHERE EXISTS (SELECT FROM unnest($1::text[]) AS seller
            WHERE position(seller IN headers) > 0 OR position(seller::bytea IN coalesce(key, value)) > 0)"""
        return [str(row["reason"]) for row in await self.rows(service, statement, names)]

    async def parked(self) -> int:
        counts = [await self.rows(service, "SELECT count(*) FROM parked") for service in self.services.dsns]
        return sum(int(rows[0][0]) for rows in counts)

    async def report(self) -> Report:
        return await verify(self.services.dsns, self.now)

    async def assert_sound(self) -> None:
        """All is quiet, every unit is accounted for, nothing is parked."""
        await self.quiet()
        report = await self.report()
        assert report.violations == [], report.violations
        assert report.parked == 0


async def insist(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask, under the same key each time, until the service has room for the question."""

    async def taken() -> httpx.Response:
        answer = await ask()
        assert answer.status_code != httpx.codes.SERVICE_UNAVAILABLE, answer.text
        return answer

    return await eventually(taken, within_seconds=ANSWER_SECONDS)


async def all_ready(services: Services, web: httpx.AsyncClient) -> bool:
    """Whether all that run take work. Raises RuntimeError when one has ended by itself."""
    for process in services.processes:
        if not process.child.is_running() and process.child.process.returncode > 0:
            raise RuntimeError(f"{process.name} has ended:\n{process.child.log_tail()}")
    try:
        answers = [await web.get(f"{one.url}/readyz") for one in services.processes if one.child.is_running()]
    except httpx.TransportError:
        return False
    waiting = [answer.text for answer in answers if not answer.is_success]
    assert not waiting, waiting
    return True


async def started(
    services: Services, web: httpx.AsyncClient, names: Iterable[str], settings: Mapping[str, str] = FASTER
) -> None:
    """More processes of these services, until all are ready."""
    for service in names:
        services.start(service, settings=settings)
    await eventually(lambda: all_ready(services, web), within_seconds=READY_SECONDS, because="all processes are ready")


async def ticked(producer: AIOKafkaProducer, now: datetime) -> None:
    await producer.send_and_wait(TICKS.name, Tick(now=now).model_dump_json().encode(), partition=0)


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Leaving stops all processes; each that still runs must end well."""
    try:
        yield
    finally:
        killed = {one.name for one in services.processes if not one.child.is_running()}
        statuses = await asyncio.to_thread(services.stop)
    assert {name: status for name, status in statuses.items() if status and name not in killed} == {}


@asynccontextmanager
async def open_market(
    run: Run, stack: Stack, *, processes: int = 1, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Market]:
    """On databases of its own, with so many processes a service. `settings`: beside or instead of the usual ones."""
    own = {**FASTER, **(settings or {})}
    services = await prepare(run, stack, clock="driven")
    async with AsyncExitStack() as entered:
        producer = AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap, acks="all")
        await producer.start()
        entered.push_async_callback(producer.stop)
        await ticked(producer, WEDNESDAY)
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=IDLE_SECONDS_MAX)
        web = await entered.enter_async_context(httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=limits))
        await entered.enter_async_context(running(services))
        await started(services, web, (service for service in services.dsns for _ in range(processes)), own)
        ears = await entered.enter_async_context(open_ears(stack.kafka_bootstrap))
        watch = await entered.enter_async_context(await Quiet.open({}, services.groups, stack.kafka_bootstrap))
        yield Market(services, producer, web, ears, watch, WEDNESDAY, own)
