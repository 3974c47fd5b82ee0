"""The HTTP app of a service: its routes, and a problem document for everything that goes wrong. Serving it is in `service`."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.clock import NoTimeYetError
from chassis.commands import CrowdedError, StoppingError
from chassis.edge import Edge
from chassis.failures import Failure, StorageError, failure_of
from chassis.lane import IntakeStoppedError, UnavailableError
from chassis.openapi import document
from chassis.paths import WholeSegments
from chassis.problems import ProblemError, invalid_fields

log = structlog.get_logger()

Handler = Callable[[Request, Any], Awaitable[Response]]

CODE_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "unknown_route",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}
"""What the framework answers by itself."""

CODE_OF_ERROR: dict[type[Exception], str] = {
    UnavailableError: "unavailable",
    IntakeStoppedError: "intake_stopped",
    StoppingError: "stopping",
    CrowdedError: "crowded",
    NoTimeYetError: "starting",
    ClientDisconnect: "body_incomplete",
}


def http_app(service: str, routers: Sequence[APIRouter], edge: Edge | None) -> FastAPI:
    """All routes of a service. Without an `edge` the app can only be described."""
    app = FastAPI(
        title=f"Wharf {service}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in routers:
        app.include_router(router)
    app.state.edge = edge
    app.add_middleware(WholeSegments)
    for error, handler in _handlers().items():
        app.add_exception_handler(error, handler)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # the framework's own way to say more
    return app


def _handlers() -> dict[type[Exception], Handler]:
    handlers: dict[type[Exception], Handler] = {error: _by_code(code) for error, code in CODE_OF_ERROR.items()}
    return handlers | {
        ProblemError: _problem,
        RequestValidationError: _invalid,
        HTTPException: _by_status,
        StorageError: _storage,
        OSError: _storage,
        Exception: _bug,
    }


def _by_code(code: str) -> Handler:
    async def handler(_request: Request, _error: Exception) -> Response:
        return ProblemError(code).response()

    return handler


async def _problem(_request: Request, error: ProblemError) -> Response:
    return error.response()


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    return invalid_fields(error.errors(), skip=1).response()


async def _by_status(_request: Request, error: HTTPException) -> Response:
    code = CODE_OF_STATUS.get(HTTPStatus(error.status_code), "request_failed")
    return ProblemError(code, headers=error.headers).response()


async def _storage(request: Request, error: StorageError | OSError) -> Response:
    if failure_of(error) is not Failure.PASSING:
        return await _bug(request, error)
    return ProblemError("unavailable").response()


async def _bug(request: Request, error: Exception) -> Response:
    log.error("request_failed", method=request.method, route=request.url.path, exc_info=error)
    return ProblemError("internal_error").response()
