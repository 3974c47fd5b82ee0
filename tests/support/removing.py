"""What a seller does about removals in a market, and what the warehouse, inventory and the mails say to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from chassis.auth import Role
from contracts import inventory, removals
from contracts.envelope import Message, Subject, Topic
from contracts.notifications import SetSellerContact
from contracts.removals import CancelRemoval, RemovalItem, RemovalMessage, RequestRemoval
from contracts.warehouse import RemovalPickStarted

from support.alone import names
from support.embedded import unique_name
from support.mails import contact_set
from support.market import Market, insist
from support.removals import OWN, canceled, picking, requested
from support.seller import Seller

ANSWER_SECONDS = 30
M = TypeVar("M", bound=RemovalMessage)


@dataclass(frozen=True, slots=True)
class Removing:
    """One seller's. Units go to an address of the seller's own."""

    market: Market
    seller: Seller

    @property
    def address(self) -> str:
        """Where the seller's mails go."""
        return f"{self.seller.id}@shops.example"

    # ---- messages ---------------------------------------------------------------------------------------------

    def of(self, removal_id: str, message: M) -> M:
        """The message, about a removal of this seller."""
        return message.model_copy(update={"seller_id": self.seller.id, "removal_id": removal_id})

    def request(self, removal_id: str, *items: RemovalItem) -> RequestRemoval:
        return self.of(removal_id, requested(*items))

    def cancel(self, removal_id: str) -> CancelRemoval:
        return self.of(removal_id, canceled())

    def pick(self, removal_id: str) -> RemovalPickStarted:
        return self.of(removal_id, picking())

    def contact(self, language: str = "en") -> SetSellerContact:
        return contact_set(self.address, language, self.seller.id)

    # ---- HTTP -------------------------------------------------------------------------------------------------

    def path(self, *parts: str) -> str:
        return "/".join([f"/sellers/{self.seller.id}", *parts])

    async def post(self, body: object, *parts: str, wait_seconds: int = 0) -> httpx.Response:
        """Insists, as who does not go away when there is a crowd."""
        path, key = self.path("removals", *parts), unique_name("key")
        return await insist(
            lambda: self.market.post(path, body, role=Role.SELLER, of=self.seller, key=key, wait_seconds=wait_seconds)
        )

    async def draft_by_http(self, removal_id: str, *items: RemovalItem) -> Any:
        content = {"marketplace_id": "GB", "method": "ship_to", "ship_to": OWN.model_dump(mode="json", exclude_none=True)}
        asked = {"removal_id": removal_id, "items": [item.model_dump() for item in items], **content}
        answer = await self.post(asked)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return answer.json()

    async def confirm_by_http(self, removal_id: str) -> str:
        """Wait for inventory's answer; returns what has become of the removal."""
        answer = await self.post({"draft": 1}, removal_id, "confirmation", wait_seconds=ANSWER_SECONDS)
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["status"])

    async def cancel_by_http(self, removal_id: str) -> httpx.Response:
        return await self.post({}, removal_id, "cancellation")

    async def look(self, *parts: str, **query: str | int) -> Any:
        """As the seller sees it."""
        answer = await self.market.get(self.path(*parts), role=Role.SELLER, of=self.seller, **query)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    # ---- what was told ----------------------------------------------------------------------------------------

    async def facts(self, removal_ids: Iterable[str], topic: Topic = removals.FACTS) -> list[list[Message]]:
        """What removals has told about each of these; or what another service has, on its topic."""
        return await self.market.heard(topic, [Subject(self.seller.id, "removal", one) for one in removal_ids])

    async def told(self, removal_id: str) -> list[str]:
        (facts,) = await self.facts([removal_id])
        return names(facts)

    async def holdings(self, removal_id: str) -> list[str]:
        (facts,) = await self.facts([removal_id], inventory.RESERVATIONS)
        return names(facts)

    # ---- rows -------------------------------------------------------------------------------------------------

    async def units(self) -> dict[str, int]:
        """The seller's units by bucket, without empty ones."""
        statement = "SELECT bucket, sum(quantity) FROM balance WHERE seller_id = $1 GROUP BY 1 HAVING sum(quantity) > 0"
        return {bucket: int(units) for bucket, units in await self.market.rows("inventory", statement, self.seller.id)}

    async def statuses(self) -> dict[str, str]:
        """Of each removal, by its id."""
        statement = "SELECT removal_id, status FROM removal WHERE seller_id = $1"
        return {row["removal_id"]: row["status"] for row in await self.market.rows("removals", statement, self.seller.id)}

    async def mails(self) -> Sequence[Any]:
        """All rows of mails about removals."""
        statement = "SELECT * FROM mail WHERE seller_id = $1 AND removal_id IS NOT NULL"
        return await self.market.rows("notifications", statement, self.seller.id)
