"""The table of who may call what, from the rules that the routes state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.routing import iter_route_contexts

from chassis.access import rules_of
from chassis.auth import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI

    from chassis.access import Allowed


class UnguardedRouteError(Exception):
    """A route that states no rule, or more than one."""


def guarded_routes(app: FastAPI) -> Iterator[tuple[str, str, Allowed]]:
    """Method, path and rule of each route. Raises UnguardedRouteError."""
    for route in iter_route_contexts(app.routes):
        rules = list(rules_of(route.dependant)) if hasattr(route, "dependant") else []
        if len(rules) != 1:
            raise UnguardedRouteError(f"{route.path} states {len(rules)} rules")
        for method in sorted(route.methods or ()):
            yield method, str(route.path_format), rules[0]


def access_page(apps: Mapping[str, FastAPI]) -> str:
    """Markdown: a table for each service."""
    lines = ["# Who may call what", "", "Generated from the routes. A seller reaches only paths with its own `seller_id`.", ""]
    for service, app in apps.items():
        lines += [f"## {service}", "", f"| route | {' | '.join(Role)} |", f"|---|{'---|' * len(Role)}"]
        rows = sorted((path, method, rule.roles) for method, path, rule in guarded_routes(app))
        lines += [
            f"| `{method} {path}` | {' | '.join('yes' if role in roles else '' for role in Role)} |"
            for path, method, roles in rows
        ]
        lines.append("")
    return "\n".join(lines)
