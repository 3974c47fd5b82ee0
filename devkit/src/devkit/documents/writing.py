"""All generated documents with their places in the repository, and the writing of those that changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis.http import http_app
from chassis.operator import router as operator_router
from devkit.checkout import ROOT
from devkit.documents.access import access_page
from devkit.documents.asyncapi import asyncapi_document
from devkit.documents.letters import frames
from devkit.documents.pages import service_page
from devkit.documents.schemas import write_schemas
from inventory.api import router as inventory_router
from inventory.decisions import DESK as INVENTORY
from notifications.api import router as notifications_router
from notifications.decisions import desk as notifications_desk
from notifications.domain.mail import Policy
from notifications.letters import Letters
from orders.api import router as orders_router
from orders.decisions import desk as orders_desk
from orders.domain.policy import Policies
from removals.api import router as removals_router
from removals.decisions import desk as removals_desk
from removals.domain.policy import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fastapi import APIRouter, FastAPI

    from chassis.desk import Desk

FOLDER = ROOT / "docs" / "api"


@dataclass(frozen=True, slots=True)
class Interface:
    """What others see of a service: its routes, and the types that it decides."""

    desk: Desk[Any]
    router: APIRouter

    @property
    def app(self) -> FastAPI:
        """To be described; it can't serve."""
        return http_app(self.desk.service, [self.router, operator_router], None)


INTERFACES: Mapping[str, Interface] = {
    "orders": Interface(orders_desk(Policies()), orders_router),
    "inventory": Interface(INVENTORY, inventory_router),
    "removals": Interface(removals_desk(Terms()), removals_router),
    "notifications": Interface(notifications_desk(Policy(), Letters()), notifications_router),
}


def documents(folder: Path = FOLDER) -> dict[Path, str]:
    """What has to be in `folder`, by place."""
    texts = {folder / "access.md": access_page({name: interface.app for name, interface in INTERFACES.items()})}
    for name, interface in INTERFACES.items():
        openapi, asyncapi = interface.app.openapi(), asyncapi_document(name, interface.desk.types)
        texts[folder / f"{name}.openapi.json"] = _json_text(openapi)
        texts[folder / f"{name}.asyncapi.json"] = _json_text(asyncapi)
        texts[folder / f"{name}.html"] = service_page(openapi, asyncapi)
    return texts


def run() -> list[Path]:
    """Write what changed, schemas and the frames of mails too; returns where. Raises BreakingChangeError, nothing written."""
    changed = write_schemas()
    for path, text in {**documents(), **frames()}.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _json_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
