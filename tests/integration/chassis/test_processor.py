"""The processor's promises, each on real PostgreSQL and on the rows in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table

from chassis.clock import DrivenClock
from chassis.deadlines import find_due
from chassis.operations import NotDiscardableError, discard, retry
from chassis.outcomes import Absent, Accepted, Blocked, Cause, Failed, Outcome, Parked, Received, Repeated, Reused, Via
from chassis.parking import park, take_out_of_due
from chassis.processor import process
from chassis.transaction import Transaction, Transactions
from contracts.envelope import Deadline, Message, Subject
from devkit.databases import DatabaseServer

from support import toy
from support.embedded import unique_name
from support.toy import CURSED, NUDGE_AFTER, START, PutIn, put, take, toy_desk
from support.toy_database import toy_in_memory, toy_on_postgres


@pytest.fixture(params=["postgres", "memory"])
async def transactions(request: pytest.FixtureRequest) -> AsyncIterator[Transactions]:
    if request.param == "memory":
        yield toy_in_memory()
        return
    server: DatabaseServer = request.getfixturevalue("postgres")
    name = unique_name("processor")
    async with toy_on_postgres(server.create_database(name)) as opened:
        yield opened
    server.drop_database(name)


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock(START)


async def decide(transactions: Transactions, clock: DrivenClock, *batch: Received) -> list[Outcome]:
    return await process(transactions, clock, toy_desk(), batch)


async def rows_of(transactions: Transactions, table: Table, *, column: str) -> Sequence[Any]:
    """All rows, by a column that sorts them."""
    limits = {"position": 2**62, "due_at": START + timedelta(days=1000), "received_at": START + timedelta(days=1000)}
    async with transactions.begin() as tx:
        return await tx.rows.due(table, column, limits[column], 1_000)


async def nudges(transactions: Transactions, purse_id: str) -> int:
    async with transactions.begin() as tx:
        (found,) = await tx.rows.find(toy.purse, ("seller_id", "purse_id"), [("s1", purse_id)])
    return int(found.nudges)


async def coins(transactions: Transactions, purse_id: str) -> int | None:
    async with transactions.begin() as tx:
        found = await tx.rows.find(toy.purse, ("seller_id", "purse_id"), [("s1", purse_id)])
    return found[0].coins if found else None


async def test_a_message_has_its_effect_once_within_and_across_batches(transactions: Transactions, clock: DrivenClock) -> None:
    first = await decide(transactions, clock, put("a", 5), put("a", 5), put("a", 7))
    second = await decide(transactions, clock, put("a", 7))

    assert [type(outcome) for outcome in [*first, *second]] == [Accepted, Repeated, Accepted, Repeated]
    assert await coins(transactions, "a") == 12


async def test_a_repeated_command_over_http_gets_the_stored_answer(transactions: Transactions, clock: DrivenClock) -> None:
    first, in_batch = await decide(transactions, clock, *[put("a", 5, via=Via.HTTP)] * 2)
    (later,) = await decide(transactions, clock, put("a", 5, via=Via.HTTP))

    assert isinstance(first, Accepted)
    assert len(first.facts) == 1
    assert in_batch == later == Repeated(first.facts)


async def test_an_identity_with_another_body_changes_nothing(transactions: Transactions, clock: DrivenClock) -> None:
    outcomes = await decide(transactions, clock, put("a", 5, "one"), put("a", 6, "one"))

    assert outcomes[1] == Reused()
    assert await decide(transactions, clock, put("a", 7, "one")) == [Reused()]
    assert await coins(transactions, "a") == 5


async def test_a_batch_comes_out_as_one_message_at_a_time(transactions: Transactions, clock: DrivenClock) -> None:
    outcomes = await decide(transactions, clock, take("a", 1), put("a", 3), take("a", 2, "x"), take("a", 2, "y"))

    types = [fact.type for outcome in outcomes if isinstance(outcome, Accepted) for fact in outcome.facts]
    assert types == ["TakeOutRefused", "Changed", "Changed", "TakeOutRefused"]
    assert await coins(transactions, "a") == 1


async def test_a_raising_decision_spoils_nobody_and_its_object_waits_in_order(
    transactions: Transactions, clock: DrivenClock
) -> None:
    outcomes = await decide(transactions, clock, put("a", 1), put("a", CURSED), put("b", 2), put("a", 3))
    (behind,) = await decide(transactions, clock, put("a", 4))

    assert [type(outcome) for outcome in outcomes] == [Accepted, Parked, Accepted, Parked]
    assert isinstance(behind, Parked)
    assert (await coins(transactions, "a"), await coins(transactions, "b")) == (1, 2)
    parked = await rows_of(transactions, toy.TABLES.parked, column="position")
    assert [PutIn.model_validate_json(row.body).coins for row in parked] == [CURSED, 3, 4]


async def test_a_parked_message_is_not_decided_again_by_its_repetition(transactions: Transactions, clock: DrivenClock) -> None:
    await decide(transactions, clock, put("a", CURSED))

    assert await decide(transactions, clock, put("a", CURSED)) == [Repeated()]
    assert len(await rows_of(transactions, toy.TABLES.parked, column="position")) == 1


async def test_retry_drains_in_order_and_stops_at_the_first_failure(
    transactions: Transactions, clock: DrivenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decide(transactions, clock, put("a", CURSED), put("a", 3), put("a", 4))
    subject, desk = Subject("s1", "purse", "a"), toy_desk()
    still = await retry(transactions, clock, desk, subject)
    monkeypatch.setattr(toy, "CURSED", 4)  # the bug is mended, for another one
    mended = await retry(transactions, clock, desk, subject)
    again = await decide(transactions, clock, put("a", 3))

    assert (still.decided, still.waiting) == (0, 3)
    assert (mended.decided, mended.waiting) == (2, 1)
    assert await coins(transactions, "a") == CURSED + 3
    assert again == [Repeated()]


async def test_discard_gives_up_one_message_and_frees_those_behind(transactions: Transactions, clock: DrivenClock) -> None:
    await decide(transactions, clock, put("a", CURSED), put("a", 3))
    subject, desk = Subject("s1", "purse", "a"), toy_desk()
    first, _ = await rows_of(transactions, toy.TABLES.parked, column="position")
    await discard(transactions, desk, subject, first.position, "forged coins")

    assert (await retry(transactions, clock, desk, subject)).decided == 1
    assert await coins(transactions, "a") == 3
    assert [type(outcome) for outcome in await decide(transactions, clock, put("a", CURSED))] == [Repeated]
    with pytest.raises(NotDiscardableError):
        await discard(transactions, desk, subject, first.position, "twice")


async def test_over_http_nothing_is_kept_of_what_has_no_effect(transactions: Transactions, clock: DrivenClock) -> None:
    (absent,) = await decide(transactions, clock, take("a", 1, via=Via.HTTP))
    (failed,) = await decide(transactions, clock, put("b", CURSED, via=Via.HTTP))
    await decide(transactions, clock, put("c", CURSED))
    (blocked,) = await decide(transactions, clock, put("c", 1, via=Via.HTTP))

    assert [type(outcome) for outcome in (absent, failed, blocked)] == [Absent, Failed, Blocked]
    assert len(await rows_of(transactions, toy.TABLES.inbox, column="received_at")) == 1  # the one over Kafka that is parked
    assert len(await rows_of(transactions, toy.TABLES.parked, column="position")) == 1


async def test_a_freed_id_is_decided_anew_in_the_same_batch(transactions: Transactions, clock: DrivenClock) -> None:
    early, placed, late = await decide(transactions, clock, take("a", 1, via=Via.HTTP), put("a", 1), take("a", 1, via=Via.HTTP))

    assert [type(outcome) for outcome in (early, placed, late)] == [Absent, Accepted, Accepted]
    assert await decide(transactions, clock, take("a", 1, via=Via.HTTP)) == [Repeated(late.facts)]  # type: ignore[union-attr] # Accepted


async def test_facts_wait_in_the_outbox_with_the_sequence_of_their_object(
    transactions: Transactions, clock: DrivenClock
) -> None:
    await decide(transactions, clock, put("a", 1), put("b", 2), put("a", 3))
    await decide(transactions, clock, take("a", 4))

    rows = await rows_of(transactions, toy.TABLES.outbox, column="position")
    lines = [line for row in rows for line in row.facts.split("\n")]
    assert len(rows) == 2
    assert [line.split("\t")[1] for line in lines] == ["s1/purse/a", "s1/purse/b", "s1/purse/a", "s1/purse/a"]
    assert [f'"ce_sequence":"{n}"' in line for n, line in zip((1, 1, 2, 3), lines, strict=True)] == [True] * 4


async def fire(transactions: Transactions, clock: DrivenClock) -> list[Outcome]:
    desk = toy_desk()
    async with transactions.begin() as tx:
        due = await find_due(tx, desk.types, desk.service, clock.now(), 100)
    return await process(transactions, clock, desk, due)


async def test_a_deadline_fires_once_and_never_early(transactions: Transactions, clock: DrivenClock) -> None:
    await decide(transactions, clock, put("a", 1))
    clock.advance(START + NUDGE_AFTER - timedelta(microseconds=1))
    early = await fire(transactions, clock)
    clock.advance(START + NUDGE_AFTER)
    due = await fire(transactions, clock)

    assert (early, [type(outcome) for outcome in due]) == ([], [Accepted])
    assert await fire(transactions, clock) == []


async def test_a_deadline_that_was_set_anew_meanwhile_does_not_fire(transactions: Transactions, clock: DrivenClock) -> None:
    desk = toy_desk()
    await decide(transactions, clock, put("a", 1))
    clock.advance(START + NUDGE_AFTER)
    async with transactions.begin() as tx:
        seen = await find_due(tx, desk.types, desk.service, clock.now(), 100)
    await decide(transactions, clock, put("a", 2))
    (outcome,) = await process(transactions, clock, desk, seen)

    assert outcome == Accepted()
    assert len(await rows_of(transactions, toy.TABLES.deadline, column="due_at")) == 1


async def test_a_deadline_that_parked_does_not_fire_once_it_was_set_anew(
    transactions: Transactions, clock: DrivenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "CURSED", 5)
    await decide(transactions, clock, put("a", 1), put("a", 5))
    clock.advance(START + NUDGE_AFTER)
    (behind,) = await fire(transactions, clock)
    monkeypatch.setattr(toy, "CURSED", CURSED)  # the bug is mended
    clock.advance(START + NUDGE_AFTER + timedelta(minutes=10))
    retried = await retry(transactions, clock, toy_desk(), Subject("s1", "purse", "a"))

    assert isinstance(behind, Parked)
    assert (retried.decided, retried.waiting) == (2, 0)
    assert await nudges(transactions, "a") == 0
    (row,) = await rows_of(transactions, toy.TABLES.deadline, column="due_at")
    assert row.due_at == clock.now() + NUDGE_AFTER


async def test_what_is_set_anew_counts_although_the_retry_is_cut_short(
    transactions: Transactions, clock: DrivenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "CURSED", 5)
    await decide(transactions, clock, put("a", 1), put("a", 5))
    clock.advance(START + NUDGE_AFTER)
    await fire(transactions, clock)
    await decide(transactions, clock, put("a", toy.FORBIDDEN - 6))
    monkeypatch.setattr(toy, "CURSED", CURSED)
    results = [await retry(transactions, clock, toy_desk(), Subject("s1", "purse", "a")) for _ in range(2)]

    assert [(result.decided, result.waiting) for result in results] == [(2, 1), (0, 1)]
    assert await nudges(transactions, "a") == 0


async def test_a_deadline_that_fails_again_leaves_the_next_of_its_kind_where_it_is(
    transactions: Transactions, clock: DrivenClock
) -> None:
    subject, desk = Subject("s1", "purse", "a"), toy_desk()

    def fail(_shelf: toy.Shelf, _message: toy.NudgeDue, _cause: Cause) -> Sequence[Message]:
        raise RuntimeError("still a bug")

    seen: list[Received] = []
    for coin in (1, 2):
        await decide(transactions, clock, put("a", coin))
        async with transactions.begin() as tx:
            seen += await find_due(tx, desk.types, desk.service, START + timedelta(days=1), 100)
            assert isinstance(seen[-1].body, Deadline)
            assert await take_out_of_due(tx, seen[-1].body)
    async with transactions.begin() as tx:
        await park(tx, [(one, subject, "a bug") for one in seen], clock.now())
    desk.on(toy.NudgeDue, fail)
    retried = await retry(transactions, clock, desk, subject)

    assert (retried.decided, retried.waiting) == (0, 2)


async def test_a_deadline_that_was_set_anew_does_not_park_what_stands(transactions: Transactions, clock: DrivenClock) -> None:
    desk = toy_desk()
    await decide(transactions, clock, put("a", 1))
    clock.advance(START + NUDGE_AFTER)
    async with transactions.begin() as tx:
        (seen,) = await find_due(tx, desk.types, desk.service, clock.now(), 100)
    await decide(transactions, clock, put("a", 2), put("a", CURSED))
    (outcome,) = await process(transactions, clock, desk, [seen])
    async with transactions.begin() as tx:
        assert isinstance(seen.body, Deadline)
        assert not await take_out_of_due(tx, seen.body)

    assert outcome == Accepted()
    assert [row.due_at for row in await rows_of(transactions, toy.TABLES.deadline, column="due_at")] == [
        START + 2 * NUDGE_AFTER
    ]


async def test_two_readers_of_one_due_deadline_fire_it_once(transactions: Transactions, clock: DrivenClock) -> None:
    await decide(transactions, clock, put("a", 1))
    clock.advance(START + NUDGE_AFTER)
    first, second = await asyncio.gather(fire(transactions, clock), fire(transactions, clock))

    nudged = [outcome for outcome in [*first, *second] if isinstance(outcome, Accepted) and outcome.facts]
    assert len(nudged) == 1


async def test_two_processors_on_the_same_purses_lose_no_coin(transactions: Transactions, clock: DrivenClock) -> None:
    def batch(by: int) -> list[Received]:
        return [put(f"p{n % 7}", 1, f"{by} {n}") for n in range(50)]

    await asyncio.gather(*(decide(transactions, clock, *batch(by)) for by in range(6)))

    assert sum([await coins(transactions, f"p{n}") or 0 for n in range(7)]) == 300


async def test_a_message_that_the_database_refuses_does_not_hold_up_those_retried_before_it(
    transactions: Transactions, clock: DrivenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "CURSED", 5)
    await decide(transactions, clock, put("a", 5), put("a", 1), put("a", toy.FORBIDDEN - 6))
    monkeypatch.setattr(toy, "CURSED", CURSED)
    subject, desk = Subject("s1", "purse", "a"), toy_desk()
    results = [await retry(transactions, clock, desk, subject) for _ in range(3)]

    assert [(result.decided, result.waiting) for result in results] == [(1, 2), (1, 1), (0, 1)]
    assert "23514" in (results[-1].reason or "")
    assert await coins(transactions, "a") == 6


async def test_a_message_that_spoils_even_loading_can_be_discarded(transactions: Transactions, clock: DrivenClock) -> None:
    await decide(transactions, clock, put("a", CURSED), put("a", 3))

    async def load(_tx: Transaction, _messages: Sequence[Message]) -> toy.Shelf:
        raise RuntimeError("this body can't be loaded")

    subject, desk = Subject("s1", "purse", "a"), toy_desk()
    first, _ = await rows_of(transactions, toy.TABLES.parked, column="position")
    await discard(transactions, replace(desk, load=load), subject, first.position, "spoils loading")

    assert (await retry(transactions, clock, desk, subject)).decided == 1
    assert await coins(transactions, "a") == 3


async def test_a_deadline_that_has_come_is_not_doubted_by_a_clock_that_went_back(
    transactions: Transactions, clock: DrivenClock
) -> None:
    seen: list[datetime] = []
    desk = toy_desk()

    def nudge(shelf: toy.Shelf, message: toy.NudgeDue, cause: Cause) -> Sequence[Message]:
        seen.append(cause.now)
        return toy.nudge(shelf, message, cause)

    desk.on(toy.NudgeDue, nudge)
    await decide(transactions, clock, put("a", 1))
    async with transactions.begin() as tx:
        due = await find_due(tx, desk.types, desk.service, START + NUDGE_AFTER, 100)
    await process(transactions, clock, desk, due)

    assert seen == [START + NUDGE_AFTER]
