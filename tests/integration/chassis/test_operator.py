"""What an operator does over HTTP with parked objects and quarantined records."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from chassis import quarantine
from chassis.auth import Role
from chassis.desk import Desk
from chassis.intake import Intake, quarantined
from chassis.outcomes import Accepted, Parked
from devkit.databases import DatabaseServer

from support import toy
from support.embedded import unique_name
from support.shop import Shop, open_shop
from support.toy import CURSED, TABLES, put, toy_desk
from support.toy_api import operator_router, purse_router
from support.toy_database import toy_on_postgres


@dataclass(slots=True)
class Spell:
    """Whether the bug is still there."""

    broken: bool = True


def desk_under(spell: Spell) -> Desk[toy.Shelf]:
    desk = toy_desk()

    def put_in(shelf: toy.Shelf, message: toy.PutIn, cause: Any) -> Any:
        if message.coins == CURSED and not spell.broken:
            message = message.model_copy(update={"coins": 1})
        return toy.put_in(shelf, message, cause)

    desk.on(toy.PutIn, put_in, creates=True)
    return desk


@dataclass(frozen=True, slots=True)
class Record:
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    offset: int
    topic: str = "purses.commands"
    partition: int = 3
    timestamp: int = 1_767_225_600_000


def record(coins: str, offset: int, purse: str = "a") -> Record:
    headers = {"ce_id": str(uuid4()), "ce_source": "/till", "ce_type": "PutIn", "ce_sellerid": "s1"}
    value = f'{{"seller_id": "s1", "purse_id": "{purse}", "coins": {coins}}}'.encode()
    return Record(f"s1/purse/{purse}".encode(), value, tuple((k, v.encode()) for k, v in headers.items()), offset)


@pytest.fixture
def spell() -> Spell:
    return Spell()


@pytest.fixture(scope="module")
def dsn(postgres: DatabaseServer) -> str:
    return postgres.create_database(unique_name("operator"))


@pytest.fixture
async def shop(dsn: str, tmp_path: Any, spell: Spell) -> AsyncIterator[Shop]:
    routers = [purse_router, operator_router]
    async with toy_on_postgres(dsn), open_shop(dsn, tmp_path, desk_under(spell), TABLES, routers) as shop:
        yield shop


async def ask(shop: Shop, path: str, **query: Any) -> Any:
    response = await shop.get("/operator" + path, Role.OPERATOR, **query)
    assert response.status_code == 200, response.text
    return response.json()


async def act(shop: Shop, path: str, body: Any = None) -> tuple[int, Any]:
    response = await shop.http.post("/operator" + path, json=body, headers=shop.headers(Role.OPERATOR))
    return response.status_code, response.json() if response.content else None


async def run(shop: Shop, *batch: Any) -> list[Any]:
    return await shop.edge.commands.lane.run(batch, asyncio.sleep)


async def test_parked_objects_are_listed_with_count_and_first_reason_page_by_page(shop: Shop) -> None:
    await run(shop, put("b/1", CURSED), put("a", CURSED), put("b/1", 1), put("b/1", 2))
    first = await ask(shop, "/parked", limit=1)
    second = await ask(shop, "/parked", limit=1, cursor=first["next_cursor"])

    (row,) = first["rows"]
    assert (row["kind"], row["object_id"], row["messages"], row["type"]) == ("purse", "b/1", 3, "PutIn")
    assert "cursed coins" in row["reason"]
    assert [row["object_id"] for row in second["rows"]] == ["a"]
    assert second["next_cursor"] is None


async def test_the_messages_of_an_object_whose_id_has_a_slash_are_shown_in_order(shop: Shop) -> None:
    await run(shop, put("b/1", CURSED), put("b/1", 1))
    shown = await ask(shop, "/parked/s1/purse/b%2F1")

    assert [row["body"]["coins"] for row in shown["rows"]] == [CURSED, 1]
    assert shown["rows"][1]["reason"].startswith("behind: ")


async def test_retry_stops_at_the_first_failure_and_goes_through_once_the_bug_is_gone(shop: Shop, spell: Spell) -> None:
    await run(shop, put("b/1", CURSED), put("b/1", 1))
    still = await act(shop, "/parked/s1/purse/b%2F1/retry")
    spell.broken = False
    fixed = await act(shop, "/parked/s1/purse/b%2F1/retry")

    assert still[1]["decided"] == 0
    assert (still[1]["waiting"], "cursed" in still[1]["reason"]) == (2, True)
    assert fixed == (200, {"decided": 2, "waiting": 0, "reason": None})
    assert (await shop.post("/sellers/s1/purses/b%2F1/coins", {"coins": 1}, "k")).json() == {"coins": 3}


async def test_discard_lets_the_others_through_and_needs_a_reason(shop: Shop) -> None:
    await run(shop, put("a", CURSED), put("a", 1))
    position = (await ask(shop, "/parked/s1/purse/a"))["rows"][0]["position"]

    assert (await act(shop, f"/parked/s1/purse/a/{position}/discard", {"reason": ""}))[0] == 422
    assert await act(shop, f"/parked/s1/purse/a/{position}/discard", {"reason": "a fake coin"}) == (204, None)
    assert (await act(shop, f"/parked/s1/purse/a/{position}/discard", {"reason": "again"}))[1]["code"] == "not_discardable"
    assert (await act(shop, "/parked/s1/purse/a/retry"))[1]["decided"] == 1


async def test_quarantined_records_are_listed_and_shown_as_they_came(shop: Shop) -> None:
    intake = Intake(shop.edge.commands.lane)
    torn = Record(b"\xff", b"\xfe\x00", (("ce_type", b"PutIn"), ("ce_id", b"\xff"), ("null", None)), 8)
    await intake.take([record('"five"', 7), torn], asyncio.sleep)
    listed = (await ask(shop, "/quarantine"))["rows"]
    shown = {row["offset"]: await ask(shop, f"/quarantine/{row['quarantine_id']}") for row in listed}

    assert len(listed) == 2
    assert "coins: Input should be a valid integer" in shown[7]["reason"]
    assert shown[7]["value"]["text"] == '{"seller_id": "s1", "purse_id": "a", "coins": "five"}'
    assert shown[8]["value"] == {"text": None, "base64": "/gA="}
    assert ["ce_id", {"text": None, "base64": "/w=="}] in shown[8]["headers"]
    assert len((await ask(shop, "/quarantine", limit=1))["rows"]) == 1


async def test_a_record_that_is_still_wrong_stays_in_quarantine(shop: Shop) -> None:
    await Intake(shop.edge.commands.lane).take([record('"five"', 7)], asyncio.sleep)
    (row,) = (await ask(shop, "/quarantine"))["rows"]
    status, problem = await act(shop, f"/quarantine/{row['quarantine_id']}/retry")

    assert (status, problem["code"]) == (409, "still_wrong")
    assert "valid integer" in problem["detail"]
    assert len((await ask(shop, "/quarantine"))["rows"]) == 1


async def test_a_message_that_waited_for_its_object_in_vain_can_be_taken_again(shop: Shop) -> None:
    """It has no place in a topic any more: no partition and no offset."""
    raw = record("5", 7)
    kept = replace(quarantined(raw, "its purse never came", toy.START), partition=None, record_offset=None)
    async with shop.edge.works.transactions.begin() as tx:
        await quarantine.save(tx, [kept])

    assert await act(shop, f"/quarantine/{kept.quarantine_id}/retry") == (200, {"outcome": "accepted"})
    assert (await ask(shop, "/quarantine"))["rows"] == []


async def test_a_record_that_is_right_by_now_has_its_effect_and_leaves(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(toy.PutIn, "topic", toy.FACTS)  # the release that did not yet take this type from this topic
        await Intake(shop.edge.commands.lane).take([record("5", 7)], asyncio.sleep)
    (row,) = (await ask(shop, "/quarantine"))["rows"]

    assert await act(shop, f"/quarantine/{row['quarantine_id']}/retry") == (200, {"outcome": "accepted"})
    assert (await ask(shop, "/quarantine"))["rows"] == []
    assert (await shop.post("/sellers/s1/purses/a/coins", {"coins": 1}, "k")).json() == {"coins": 6}


async def test_a_record_whose_identity_was_used_with_another_body_stays(shop: Shop) -> None:
    good = record("5", 7)
    other = Record(good.key, good.value.replace(b"5", b"6") if good.value else None, good.headers, 8)
    await Intake(shop.edge.commands.lane).take([good, other], asyncio.sleep)
    (row,) = (await ask(shop, "/quarantine"))["rows"]

    assert (await act(shop, f"/quarantine/{row['quarantine_id']}/retry"))[1]["code"] == "still_wrong"
    assert await act(shop, f"/quarantine/{row['quarantine_id']}/discard", {"reason": "a copy"}) == (204, None)
    assert (await ask(shop, "/quarantine"))["rows"] == []
    assert (await act(shop, f"/quarantine/{row['quarantine_id']}/retry"))[0] == 404


async def test_an_object_that_was_retried_takes_messages_again(shop: Shop, spell: Spell) -> None:
    assert isinstance((await run(shop, put("a", CURSED)))[0], Parked)
    spell.broken = False
    await act(shop, "/parked/s1/purse/a/retry")
    assert isinstance((await run(shop, put("a", 1)))[0], Accepted)
