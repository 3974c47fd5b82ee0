"""Transactions that run at once on PostgreSQL and in memory, step by step: the same results, waits, errors and contents.

Both take the same steps. Who waits in one has to wait in the other; whom a step lets go on has to go on in both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from chassis.failures import StorageError

from support.row_databases import SETTINGS, MemoryDatabase, PostgresDatabase, Session, open_postgres_database, outcome, started
from support.row_tables import entry, label, metadata, shelf

if TYPE_CHECKING:
    from sqlalchemy import Table

    from devkit.databases import DatabaseServer

TRANSACTIONS = st.sampled_from([0, 1, 2])
SELLERS = st.sampled_from(["s", "ß"])
PLACES = st.integers(1, 2)
LABELS = st.integers(1, 2)

# what a table refuses ends a transaction: seldom, so that others come to wait for each other
UNITS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, -1, 2**31])
NOTES = st.sampled_from([None, None, None, "a", "a", "a", "b", "ß", "x"])
OWNERS = st.sampled_from(["s", "s", "s", "s", "ß", "ß", "ß", None])

shelf_keys = st.lists(st.tuples(SELLERS, PLACES), min_size=1, max_size=2)
label_keys = st.lists(st.tuples(LABELS), min_size=1, max_size=2)
shelf_rows = st.lists(st.tuples(SELLERS, PLACES, UNITS, st.integers(0, 1), NOTES), min_size=1, max_size=2)
label_rows = st.lists(
    st.tuples(LABELS, st.sampled_from([None, "a", "b"]), OWNERS, st.none() | st.integers(0, 3)), min_size=1, max_size=2
)
OPERATIONS: st.SearchStrategy[tuple[str, Table, Any]] = st.one_of(
    st.tuples(st.just("lock"), st.just(shelf), shelf_keys),
    st.tuples(st.just("lock"), st.just(label), label_keys),
    st.tuples(st.just("claim"), st.just(label), label_rows),
    st.tuples(st.sampled_from(["insert", "upsert", "update"]), st.just(shelf), shelf_rows),
    st.tuples(st.sampled_from(["insert", "upsert"]), st.just(label), label_rows),
    st.tuples(st.just("insert"), st.just(entry), st.just([("body",)])),
    st.tuples(st.just("delete"), st.just(shelf), shelf_keys),
    st.tuples(st.just("delete"), st.just(label), label_keys),
    st.tuples(st.just("find"), st.just(shelf), st.lists(st.tuples(SELLERS), min_size=1, max_size=2)),
    st.tuples(st.just("due"), st.just(label), st.integers(0, 3)),
)


@dataclass(slots=True)
class Pair:
    """One transaction in both, and the operation in which it waits in both."""

    sessions: tuple[Session, Session]
    operation: str = ""
    tasks: tuple[asyncio.Task[Any], ...] = ()


class Interleaved(RuleBasedStateMachine):
    """At most three transactions at once."""

    postgres: PostgresDatabase
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryDatabase()
        self.pairs: dict[int, Pair] = {}
        self.runner.run(self.postgres.clear())

    @rule(number=TRANSACTIONS, step=OPERATIONS)
    def operate(self, number: int, step: tuple[str, Table, Any]) -> None:
        self.runner.run(self._operate(number, *step))

    @rule(number=TRANSACTIONS, keys=shelf_keys)
    def hold(self, number: int, keys: list[tuple[str, int]]) -> None:
        self.runner.run(self._operate(number, "lock", shelf, keys))

    @rule(number=TRANSACTIONS, rows=label_rows)
    def claim(self, number: int, rows: list[tuple[Any, ...]]) -> None:
        self.runner.run(self._operate(number, "claim", label, rows))

    @rule(number=TRANSACTIONS, row=label_rows)
    def replace(self, number: int, row: list[tuple[Any, ...]]) -> None:
        self.runner.run(self._operate(number, "upsert", label, row[:1]))

    @rule(number=TRANSACTIONS, key=label_keys)
    def remove(self, number: int, key: list[tuple[int]]) -> None:
        self.runner.run(self._operate(number, "delete", label, key[:1]))

    @rule(number=TRANSACTIONS)
    def commit(self, number: int) -> None:
        self.runner.run(self._end(number, "commit"))

    @rule(number=TRANSACTIONS)
    def roll_back(self, number: int) -> None:
        self.runner.run(self._end(number, "rollback"))

    def teardown(self) -> None:
        self.runner.run(self._finish())

    async def _operate(self, number: int, operation: str, table: Table, values: Any) -> None:
        pair = self.pairs.get(number) or Pair((await self.memory.begin(), await self.postgres.begin()))
        self.pairs[number] = pair
        assume(not pair.tasks)
        given = ("owner", "due_on") if operation == "due" else ("seller_id",)
        arguments = {"find": (given, values), "due": ("due_on", values, 2)}.get(operation, (values,))
        pair.tasks = tuple(started(getattr(each.rows, operation)(table, *arguments)) for each in pair.sessions)
        pair.operation = operation
        await self._settle(number)

    async def _settle(self, number: int) -> None:
        """Let both go as far as they can: to an outcome, or to a wait for another transaction."""
        pair = self.pairs[number]
        waits = [await each.waits(task) for each, task in zip(pair.sessions, pair.tasks, strict=True)]
        assert waits[0] == waits[1], f"{number} waits in memory, on PostgreSQL: {waits}"
        if waits[0]:
            if not self._turns_are_certain():
                await self._abandon(number)
            return
        outcomes = [await _outcome(task) for task in pair.tasks]
        assert outcomes[0] == outcomes[1]
        pair.tasks = ()
        if isinstance(outcomes[0], _Refused):
            await self._end(number, "rollback")

    def _turns_are_certain(self) -> bool:
        """Who only locks is served first come first; others that wait for one transaction are woken together and race."""
        waiting = [pair.operation for pair in self.pairs.values() if pair.tasks]
        return len(waiting) < 2 or set(waiting) == {"lock"}

    async def _end(self, number: int, how: str) -> None:
        pair = self.pairs.get(number)
        if pair is None or pair.tasks:
            return
        del self.pairs[number]
        for session in pair.sessions:
            await getattr(session, how)()
        for other in [at for at, each in self.pairs.items() if each.tasks]:
            if other in self.pairs and self.pairs[other].tasks:
                await self._settle(other)

    async def _abandon(self, number: int) -> None:
        """Cancel the operation in which it waits, and leave."""
        pair = self.pairs[number]
        for task in pair.tasks:
            task.cancel()
        await asyncio.gather(*pair.tasks, return_exceptions=True)
        pair.tasks = ()
        await self._end(number, "rollback")

    async def _finish(self) -> None:
        for number in list(self.pairs):
            if number in self.pairs and self.pairs[number].tasks:
                await self._abandon(number)
        for number in list(self.pairs):
            await self._end(number, "rollback")
        for table in (shelf, label, entry):
            assert await self.memory.contents(table) == await self.postgres.contents(table)


@dataclass(frozen=True)
class _Refused:
    kind: type[StorageError]
    sqlstate: str
    constraint: str | None


async def _outcome(task: asyncio.Task[Any]) -> Any:
    try:
        result = await outcome(task)
    except StorageError as error:
        return _Refused(type(error), error.sqlstate, error.constraint)
    return list(map(tuple, result)) if isinstance(result, list) else result


def test_transactions_at_once_go_the_same_way_on_postgres_and_in_memory(postgres: DatabaseServer) -> None:
    postgres.drop_database("wharf_rows_at_once")
    dsn = postgres.create_database("wharf_rows_at_once")
    postgres.execute(*(f"ALTER ROLE wharf_rows_at_once SET {name} = '{value}';" for name, value in SETTINGS.items()))
    with asyncio.Runner() as runner:
        opened = open_postgres_database(dsn, metadata)
        machine = type("Machine", (Interleaved,), {"postgres": runner.run(opened.__aenter__()), "runner": runner})
        try:
            run_state_machine_as_test(machine, settings=EXAMPLES)
        finally:
            runner.run(opened.__aexit__(None, None, None))


EXAMPLES = settings(max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
