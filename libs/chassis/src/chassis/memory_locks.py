"""Who holds what in memory, and who waits for whom. Knows no rows."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chassis.failures import DEADLOCK, StorageError

Resource: TypeAlias = tuple[str, str, tuple[Any, ...]]
"""What kind of thing, of which table, and which one."""


@dataclass(eq=False, slots=True)
class Holder:
    """A transaction, as the locks see it."""

    held: dict[Resource, None] = field(default_factory=dict)
    awaited: Resource | None = None


@dataclass(frozen=True, slots=True)
class Waiter:
    holder: Holder
    woken: "asyncio.Future[None]"
    takes: bool


class Locks:
    """One holder a resource until that one's transaction ends. Who waits comes first, first come first."""

    def __init__(self) -> None:
        self._holders: dict[Resource, Holder] = {}
        self._queues: dict[Resource, deque[Waiter]] = defaultdict(deque)

    async def take(self, holder: Holder, resource: Resource) -> None:
        """Hold it, when nobody else does. Raises StorageError for a deadlock."""
        if self._free_for(holder, resource):
            self._grant(holder, resource)
        else:
            await self._wait(holder, resource, takes=True)

    async def settled(self, holder: Holder, resource: Resource) -> bool:
        """Wait until no other transaction holds it, without taking it; whether that meant to wait."""
        waited = False
        while not self._free_for(holder, resource):
            waited = True
            await self._wait(holder, resource, takes=False)
        return waited

    def drop(self, holder: Holder, resource: Resource) -> None:
        """Give one back before the transaction ends."""
        del holder.held[resource]
        self._pass_on(resource)

    def release(self, holder: Holder) -> None:
        """Give back all: the transaction has ended."""
        held = list(holder.held)
        holder.held.clear()
        for resource in held:
            self._pass_on(resource)

    def _free_for(self, holder: Holder, resource: Resource) -> bool:
        return self._holders.get(resource, holder) is holder

    def _grant(self, holder: Holder, resource: Resource) -> None:
        self._holders[resource] = holder
        holder.held[resource] = None

    async def _wait(self, holder: Holder, resource: Resource, *, takes: bool) -> None:
        self._refuse_deadlock(holder, resource)
        waiter = Waiter(holder, asyncio.get_running_loop().create_future(), takes)
        self._queues[resource].append(waiter)
        holder.awaited = resource
        try:
            await waiter.woken
        finally:  # canceled, too: what it was given meanwhile is in `held` and goes back when its transaction is closed
            holder.awaited = None
            if waiter in self._queues.get(resource, ()):
                self._queues[resource].remove(waiter)

    def _refuse_deadlock(self, holder: Holder, resource: Resource) -> None:
        """The one whose wait would close a circle is the victim."""
        at: Resource | None = resource
        while at is not None and at in self._holders:
            if self._holders[at] is holder:
                raise StorageError(DEADLOCK, f"waiting for {resource} would close a circle")
            at = self._holders[at].awaited

    def _pass_on(self, resource: Resource) -> None:
        """To the first that wants to hold it; who only waits for the end of the transaction is woken on the way."""
        del self._holders[resource]
        queue = self._queues.pop(resource, deque())
        while queue and resource not in self._holders:
            waiter = queue.popleft()
            if waiter.woken.done():
                continue
            if waiter.takes:
                self._grant(waiter.holder, resource)
            waiter.holder.awaited = None
            waiter.woken.set_result(None)
        if queue:
            self._queues[resource] = queue
