"""Everything that goes wrong before a command is one: a problem document each time, and callers kept apart."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.auth import Role
from chassis.sending import BODY_BYTES_MAX
from devkit.databases import DatabaseServer

from support.embedded import unique_name
from support.shop import Shop
from support.toy_api import toy_shop

COINS = "/sellers/s1/purses/a/coins"


@pytest.fixture(scope="module")
async def shop(postgres: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with toy_shop(postgres.create_database(unique_name("edges")), tmp_path_factory.mktemp("edges")) as shop:
        yield shop


async def answer(shop: Shop, method: str, path: str, content: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and code of a problem; a caller who may do everything on the way there."""
    given = shop.headers(key="k") | {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    response = await shop.http.request(method, path, content=content, headers=given)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("method", "path", "content", "headers", "expected"),
    [
        ("GET", "/nowhere", None, {}, (404, "unknown_route")),
        ("GET", COINS, None, {}, (405, "method_not_allowed")),
        ("POST", COINS + "/", b"{}", {}, (404, "unknown_route")),
        ("POST", COINS, b"{", {}, (400, "invalid_json")),
        ("POST", COINS, b"", {}, (400, "invalid_json")),
        ("POST", COINS, b"\xff\xfe", {}, (400, "invalid_json")),
        ("POST", COINS, b"[" * 100_000, {}, (400, "invalid_json")),
        ("POST", COINS, b"[]", {}, (422, "invalid_request")),
        ("POST", COINS, b'{"coins": "5"}', {}, (422, "invalid_request")),
        ("POST", COINS, b'{"coins": 5, "more": 1}', {}, (422, "invalid_request")),
        ("POST", COINS, b'{"coins": 5}', {"Content_Type": "text/plain"}, (415, "unsupported_media_type")),
        ("POST", COINS, b" " * (BODY_BYTES_MAX + 1), {}, (413, "body_too_large")),
        ("POST", COINS, b'{"coins": 5}', {"Idempotency_Key": " "}, (400, "idempotency_key_missing")),
        ("POST", COINS, b'{"coins": 5}', {"Idempotency_Key": "x" * 201}, (400, "idempotency_key_invalid")),
        ("POST", COINS, b'{"coins": 5}', {"Idempotency_Key": "a\tb"}, (400, "idempotency_key_invalid")),
        ("POST", COINS, b"{", {"Authorization": "Basic abc"}, (401, "token_missing")),
        ("POST", COINS, b"{", {"Authorization": "Bearer abc"}, (401, "token_invalid")),
        ("GET", "/operator/parked", None, {}, (403, "role_not_allowed")),
        ("POST", "/sellers/s2/purses/a/coins", b"{", {}, (403, "foreign_seller")),
        ("GET", "/sellers/s1/purses?limit=many", None, {}, (422, "invalid_request")),
    ],
)
async def test_trouble_is_a_problem_document(
    shop: Shop, method: str, path: str, content: bytes | None, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert await answer(shop, method, path, content, **headers) == expected


async def test_a_body_that_grows_too_large_on_the_way_is_refused(shop: Shop) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 1000 + 2):
            yield b" " * 1000

    headers = shop.headers(key="k") | {"Content-Type": "application/json"}
    response = await shop.http.post(COINS, content=endless(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_a_command_without_a_key_is_refused(shop: Shop) -> None:
    response = await shop.post(COINS, {"coins": 5})
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")


async def test_wrong_fields_are_listed_without_their_values(shop: Shop) -> None:
    response = await shop.post(COINS, {"coins": "secret"}, "k")
    assert response.json()["errors"] == [{"field": "coins", "message": "Input should be a valid integer"}]
    assert "secret" not in response.text


async def test_a_seller_does_not_reach_another_sellers_objects(shop: Shop) -> None:
    headers = shop.headers(seller_id="s2", key="k")
    foreign = await shop.http.post(COINS, json={"coins": 5}, headers=headers)
    own = await shop.http.post("/sellers/s2/purses/a/coins", json={"coins": 5}, headers=headers)

    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_seller")
    assert own.json() == {"coins": 5}
    assert (await shop.post(COINS, {"coins": 1}, "first")).json() == {"coins": 1}


@pytest.mark.parametrize("purse", ["a/b", "a%2Fb", "a b", "50%", "é", "a?b#c", "..."])
async def test_an_id_may_have_any_character(shop: Shop, purse: str) -> None:
    path = f"/sellers/s1/purses/{escaped(purse)}/coins"
    assert (await shop.post(path, {"coins": 1}, f"{purse} 1".encode().hex())).json() == {"coins": 1}
    assert (await shop.post(path, {"coins": 1}, f"{purse} 2".encode().hex())).json() == {"coins": 2}


@pytest.mark.parametrize(("given", "same"), [('"k9"', "k9"), ("k8", '"k8"')])
async def test_a_quoted_key_is_the_same_key(shop: Shop, given: str, same: str) -> None:
    first = await shop.post("/sellers/s1/purses/q/coins", {"coins": 1}, given)
    again = await shop.post("/sellers/s1/purses/q/coins", {"coins": 1}, same)
    assert again.json() == first.json()


async def test_an_operator_may_read_what_belongs_to_any_seller(shop: Shop) -> None:
    assert json.loads((await shop.get("/sellers/s9/purses", Role.OPERATOR)).text) == "s9 operator 1"


def escaped(text: str) -> Any:
    return "".join(f"%{byte:02X}" for byte in text.encode())
