"""Which route takes whom. A route states its rule once, as the type of a parameter; a test lists all of them from the app."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from chassis.auth import Principal, Role, TokenError
from chassis.edge import edge_of
from chassis.problems import ProblemError

SCHEME = "bearer "


class Allowed(SecurityBase):
    """Lets callers with one of `roles` in. A seller's path must be the seller's own (S12)."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Principal:
        """Raises ProblemError. Comes before the body is read."""
        return self.admit(request)

    def admit(self, request: Request) -> Principal:
        """Raises ProblemError unless the request's token may do this."""
        principal = _caller(request)
        if principal.role not in self.roles:
            raise ProblemError("role_not_allowed")
        if principal.role is Role.SELLER and request.path_params.get("seller_id", principal.seller_id) != principal.seller_id:
            raise ProblemError("foreign_seller")
        return principal


def rules_of(dependant: Dependant) -> Iterator[Allowed]:
    """The rules that stand before a route."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Allowed):
            yield dependency.call
        yield from rules_of(dependency)


def _caller(request: Request) -> Principal:
    given = request.headers.get("authorization", "")
    if not given.lower().startswith(SCHEME):
        raise ProblemError("token_missing")
    try:
        return edge_of(request).verifier.verify(given[len(SCHEME) :].strip())
    except TokenError as error:
        raise ProblemError("token_invalid") from error
