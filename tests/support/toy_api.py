"""The toy service over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends

from chassis.access import Allowed
from chassis.auth import Principal, Role
from chassis.operator import router as operator_router
from chassis.paths import PART
from chassis.sending import Asked, JsonBody, Sender, Sends

from support.shop import Shop, Wrap, open_shop, unchanged
from support.toy import TABLES, PutIn, TakeOut, toy_desk
from support.toy_database import toy_on_postgres


class Coins(Asked):
    coins: int


Body = Annotated[Coins, Depends(JsonBody(Coins))]
Putter = Annotated[Sender, Depends(Sends(Role.SELLER, Role.SYSTEM))]

purse_router = APIRouter()
PURSE = f"/sellers/{{seller_id}}/purses/{{purse_id:{PART}}}"


@purse_router.post(PURSE + "/coins")
async def put(seller_id: str, purse_id: str, sender: Putter, asked: Body) -> dict[str, Any]:
    facts = await sender.send(PutIn(seller_id=seller_id, purse_id=purse_id, coins=asked.coins))
    return {"coins": orjson.loads(facts[-1].body)["coins"]}


@purse_router.post(PURSE + "/spending")
async def take(seller_id: str, purse_id: str, sender: Putter, asked: Body) -> dict[str, Any]:
    facts = await sender.send(TakeOut(seller_id=seller_id, purse_id=purse_id, coins=asked.coins))
    return {"coins": orjson.loads(facts[-1].body)["coins"]}


@purse_router.get("/sellers/{seller_id}/purses")
async def whose(
    seller_id: str, caller: Annotated[Principal, Depends(Allowed(Role.SELLER, Role.OPERATOR))], limit: int = 1
) -> str:
    return f"{seller_id} {caller.name} {limit}"


@asynccontextmanager
async def toy_shop(dsn: str, directory: Path, wrap: Wrap = unchanged, *, empty: bool = True) -> AsyncIterator[Shop]:
    """The toy service; `empty` makes its tables anew, otherwise it starts on what is there."""
    routers = [purse_router, operator_router]
    if not empty:
        async with open_shop(dsn, directory, toy_desk(), TABLES, routers, wrap) as shop:
            yield shop
        return
    async with toy_on_postgres(dsn), open_shop(dsn, directory, toy_desk(), TABLES, routers, wrap) as shop:
        yield shop
