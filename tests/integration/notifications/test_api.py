"""Notifications over HTTP, on real rows: what each caller may do and see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chassis.auth import Role
from notifications import tables
from notifications.api import router
from notifications.decisions import desk

from support.mails import (
    BUYER_MAIL,
    LETTERS,
    POLICY,
    SELLER_MAIL,
    contact_set,
    placed,
    released,
    removal_canceled,
)
from support.post_office import PostOffice
from support.shop import Shop, open_shop

if TYPE_CHECKING:
    import httpx

MINE = "/sellers/s1"
OURS = {"seller_id": "s1"}
REASON = {"reason": "the buyer asked"}


@pytest.fixture
async def shop(dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(dsn, tmp_path, desk(POLICY, LETTERS), tables.SERVICE, [router]) as shop:
        yield shop


@pytest.fixture
async def sent(office: PostOffice) -> PostOffice:
    """An order's two mails are sent, and one about a removal."""
    await office.tell(contact_set(seller_id="s1"), placed(**OURS), released(**OURS))
    await office.tell(removal_canceled().model_copy(update=OURS))
    await office.send_all()
    return office


async def rows(shop: Shop, path: str, role: Role = Role.SELLER, **query: Any) -> list[Any]:
    response = await shop.get(path, role, **query)
    assert response.status_code == 200, response.text
    return list(response.json()["rows"])


async def test_a_seller_sees_the_mails_to_the_seller_and_never_a_buyers(shop: Shop, sent: PostOffice) -> None:
    assert sent
    found = await rows(shop, f"{MINE}/mails")
    assert {row["template"] for row in found} == {"order_sold", "removal_canceled"}
    assert await rows(shop, f"{MINE}/mails", recipient="buyer") == []
    (buyers,) = await rows(shop, f"{MINE}/mails", Role.OPERATOR, recipient="buyer")
    assert (await shop.get(f"{MINE}/mails/{buyers['mail_id']}")).status_code == 404
    for row in found:
        text = (await shop.get(f"{MINE}/mails/{row['mail_id']}")).text
        assert BUYER_MAIL not in text
        assert SELLER_MAIL in text


async def test_a_mail_is_shown_as_it_was_sent(shop: Shop, sent: PostOffice) -> None:
    (listed,) = await rows(shop, f"{MINE}/mails", Role.OPERATOR, template="order_confirmed")
    shown = (await shop.get(f"{MINE}/mails/{listed['mail_id']}", Role.OPERATOR)).json()
    (mail,) = [mail for mail in sent.house.mails if mail["To"] == BUYER_MAIL]
    assert (shown["to"], shown["subject"], shown["message_id"]) == (mail["To"], mail["Subject"], mail["Message-ID"])
    plain, marked = (str(part.get_content()) for part in mail.iter_parts())
    assert (shown["text"], shown["html"].strip()) == (plain.replace("\r\n", "\n"), marked.replace("\r\n", "\n").strip())
    assert (shown["status"], shown["tries"], shown["order_id"]) == ("sent", 1, "o-1")


async def test_mails_are_found_by_what_they_are_about(shop: Shop, sent: PostOffice) -> None:
    assert sent
    for query, count in [
        ({"order_id": "o-1"}, 2),
        ({"removal_id": "r-1"}, 1),
        ({"order_id": "o-2"}, 0),
        ({"template": ["order_sold", "order_confirmed"]}, 2),
        ({"status": "sent"}, 3),
        ({"status": ["failed", "unknown"]}, 0),
        ({"recipient": "seller"}, 2),
    ]:
        assert len(await rows(shop, "/mails", Role.OPERATOR, **query)) == count, query
        assert len(await rows(shop, f"{MINE}/mails", Role.OPERATOR, **query)) == count, query


async def test_pages_show_each_mail_once(shop: Shop, sent: PostOffice) -> None:
    assert sent
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = (await shop.get("/mails", Role.OPERATOR, limit=1, **({"cursor": cursor} if cursor else {}))).json()
        seen += [row["mail_id"] for row in page["rows"]]
        cursor = page.get("next_cursor")
    assert cursor is None
    assert len(set(seen)) == len(seen) == 3


async def test_a_contact_is_set_once_a_key_and_shown(shop: Shop, office: PostOffice) -> None:
    assert (await shop.get(f"{MINE}/contact")).status_code == 404
    asked = {"mail": SELLER_MAIL, "language": "zh", "name": "The shop"}
    for _ in range(2):
        assert (await shop.put(f"{MINE}/contact", asked, "k1")).json() == {"facts": ["ContactSet"]}
    assert (await shop.get(f"{MINE}/contact")).json() == {"seller_id": "s1", **asked}
    assert (await shop.put(f"{MINE}/contact", {"mail": "nobody"}, "k2")).status_code == 422
    assert (await office.facts()).count("ContactSet:1") == 1


async def test_an_operator_sends_and_drops_what_is_not_on_its_way(shop: Shop, office: PostOffice) -> None:
    await office.tell(removal_canceled().model_copy(update=OURS), removal_canceled().model_copy(update=OURS))
    first, second = (row["mail_id"] for row in await rows(shop, "/mails", Role.OPERATOR, status="waiting"))
    assert await code_of(act(shop, first, "send")) == (422, "no_address")
    assert (await act(shop, first, "send", mail=SELLER_MAIL)).json() == {"facts": []}
    assert (await act(shop, second, "drop")).json() == {"facts": ["MailDropped"]}
    assert await code_of(act(shop, first, "drop")) == (409, "mail_on_its_way")
    office.clock.advance(datetime.now(UTC) + timedelta(minutes=1))  # the shop has the time of the day
    await office.send_all()
    assert [str(mail["To"]) for mail in office.house.mails] == [SELLER_MAIL]
    assert await code_of(act(shop, first, "send", mail="again@shop.example")) == (409, "mail_sent")
    assert await code_of(act(shop, "00000000-0000-0000-0000-000000000000", "send")) == (404, "not_found")


async def test_mails_that_do_not_move_are_listed(shop: Shop, sent: PostOffice) -> None:
    """As after a parked report that an operator has discarded."""
    await sent.tell(removal_canceled().model_copy(update=OURS))
    assert await rows(shop, "/mails", Role.OPERATOR, stuck=True) == []
    async with sent.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE mail SET due_at = NULL WHERE status = 'ready'")
    for path in ("/mails", f"{MINE}/mails"):
        assert [row["status"] for row in await rows(shop, path, Role.OPERATOR, stuck=True)] == ["ready"]


@pytest.mark.parametrize(
    "mail", ["nobody", "a,b@shop.example", "<a@shop.example>", "a\x7f@shop.example", "a@[", "a b@c", "a@b@c"]
)
async def test_an_address_that_no_mail_can_carry_is_refused(shop: Shop, mail: str) -> None:
    assert (await shop.put(f"{MINE}/contact", {"mail": mail}, "k1")).status_code == 422


ROUTES = {
    ("GET", "/mails"): {Role.OPERATOR},
    ("GET", f"{MINE}/mails"): {Role.SELLER, Role.OPERATOR},
    ("GET", f"{MINE}/mails/00000000-0000-0000-0000-000000000000"): {Role.SELLER, Role.OPERATOR},
    ("POST", f"{MINE}/mails/00000000-0000-0000-0000-000000000000/send"): {Role.OPERATOR},
    ("POST", f"{MINE}/mails/00000000-0000-0000-0000-000000000000/drop"): {Role.OPERATOR},
    ("GET", f"{MINE}/contact"): {Role.SELLER, Role.OPERATOR, Role.SYSTEM},
    ("PUT", f"{MINE}/contact"): {Role.SELLER, Role.OPERATOR, Role.SYSTEM},
}


@pytest.mark.parametrize(("route", "allowed"), ROUTES.items(), ids=map(" ".join, ROUTES))
async def test_each_route_lets_in_who_may(shop: Shop, route: tuple[str, str], allowed: set[Role]) -> None:
    method, path = route
    for role in Role:
        response = await shop.http.request(method, path, headers=shop.headers(role, key=f"{role} {path}"))
        assert (response.status_code == 403) == (role not in allowed), role
    assert (await shop.http.request(method, path)).status_code == 401
    foreign = await shop.http.request(method, path, headers=shop.headers(seller_id="s2", key="foreign"))
    assert foreign.status_code == 403


async def act(shop: Shop, mail_id: str, what: str, **more: str) -> httpx.Response:
    body = REASON | more
    return await shop.post(f"{MINE}/mails/{mail_id}/{what}", body, f"{what} {mail_id} {more}", Role.OPERATOR)


async def code_of(acting: Any) -> tuple[int, str]:
    response = await acting
    return response.status_code, response.json()["code"]
