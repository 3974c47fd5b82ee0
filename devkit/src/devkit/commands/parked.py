"""`./wharf parked`: an operator's look at what is parked or in quarantine, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import httpx
import typer

from chassis.auth import Role
from contracts.envelope import Subject
from devkit.running import NoStackError, find_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkit.running import RunningStack

REQUEST_SECONDS_MAX = 30.0
PAGES_MAX = 100


class Act(StrEnum):
    """What to do."""

    LIST = "list"
    SHOW = "show"
    RETRY = "retry"
    DISCARD = "discard"


class OperatorError(Exception):
    """It can't be done; the text says why."""


def main(
    *,
    act: Annotated[Act, typer.Argument(help="What to do.")] = Act.LIST,
    name: Annotated[str | None, typer.Argument(metavar="OBJECT", help="seller/kind/id, or the id of a record.")] = None,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="Records in quarantine, not parked objects.")] = False,
    position: Annotated[int | None, typer.Option(help="Which parked message to discard, as `show` numbers them.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is discarded; goes to the log.")] = None,
) -> None:
    """List what is parked (or, with --quarantine, what others got wrong), show one, try it again, give it up."""
    try:
        with httpx.Client(timeout=REQUEST_SECONDS_MAX) as client:
            desk = Desk(client, find_stack(), "quarantine" if quarantine else "parked")
            for line in _lines(desk, act, name, position, reason):
                typer.echo(line)
    except (NoStackError, OperatorError, httpx.TransportError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@dataclass(frozen=True, slots=True)
class Desk:
    """The operator's routes of all services; `kind` is parked or quarantine."""

    client: httpx.Client
    running: RunningStack
    kind: str

    def ask(self, service: str, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """The answer's JSON, None when there is no such thing. Raises OperatorError."""
        headers = {"Authorization": f"Bearer {self.running.token(Role.OPERATOR)}"}
        url = f"{self.running.url(service)}/operator/{self.kind}{path}"
        answer = self.client.request(method, url, json=body, headers=headers)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if not answer.is_success:
            problem = answer.json()
            raise OperatorError(f"{service} refuses: {problem.get('detail') or problem.get('title')} ({problem.get('code')})")
        return answer.json() if answer.content else {}

    def pages(self, service: str, path: str = "") -> Iterator[dict[str, Any]]:
        """All rows, page by page."""
        cursor = ""
        for _ in range(PAGES_MAX):
            page = self.ask(service, f"{path}?limit=100{cursor}") or {}
            yield from page.get("rows", [])
            if not page.get("next_cursor"):
                return
            cursor = f"&cursor={quote(page['next_cursor'], safe='')}"

    def owner(self, path: str) -> tuple[str, list[dict[str, Any]]]:
        """The service that has it, with its rows. Raises OperatorError."""
        for service in self.running.services:
            if self.kind == "parked":
                found = list(self.pages(service, path))
            else:
                record = self.ask(service, path)
                found = [record] if record else []
            if found:
                return service, found
        raise OperatorError("No service has anything by that name; list shows what there is.")


def _lines(desk: Desk, act: Act, name: str | None, position: int | None, reason: str | None) -> Iterator[str]:
    if act is Act.LIST:
        yield from _listed(desk)
        return
    path = _path(desk.kind, name)
    service, found = desk.owner(path)
    match act:
        case Act.SHOW:
            yield from (json.dumps(row, indent=2) for row in found)
        case Act.RETRY:
            yield f"{service}: {_told(desk.ask(service, f'{path}/retry', method='POST'))}"
        case Act.DISCARD:
            if not reason or (desk.kind == "parked" and position is None):
                raise OperatorError("discard needs --reason, and for a parked message --position, as show numbers it.")
            place = f"/{position}" if desk.kind == "parked" else ""
            desk.ask(service, f"{path}{place}/discard", method="POST", body={"reason": reason})
            yield f"{service}: discarded"


def _listed(desk: Desk) -> Iterator[str]:
    empty = True
    for service in desk.running.services:
        for row in desk.pages(service):
            empty = False
            yield f"{service}: {_row(desk.kind, row)}"
    if empty:
        yield "Nothing is parked." if desk.kind == "parked" else "Nothing is in quarantine."


def _row(kind: str, row: dict[str, Any]) -> str:
    if kind == "parked":
        key = Subject(row["seller_id"], row["kind"], row["object_id"]).key
        return f"{key}  {row['messages']} messages, the first is {row['type']}: {row['reason']}"
    place = "" if row["partition"] is None else f" {row['partition']}/{row['offset']}"
    return f"{row['quarantine_id']}  {row['topic']}{place}: {row['reason']}"


def _path(kind: str, name: str | None) -> str:
    if name is None:
        raise OperatorError("Which? Give seller/kind/id, or with --quarantine the id of a record; list shows them.")
    if kind == "quarantine":
        return f"/{quote(name, safe='')}"
    try:
        return "".join(f"/{quote(part, safe='')}" for part in Subject.from_key(name))
    except ValueError as error:
        raise OperatorError(f"{name!r} is not of the form seller/kind/id.") from error


def _told(row: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (row or {}).items() if value is not None)
