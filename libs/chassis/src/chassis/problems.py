"""What an HTTP client is told when something does not work: RFC 9457 problem documents.

Each has a code of this registry, or of the refusals that stand beside a context's messages. Nothing of what the client sent is
repeated. Turning errors of a running app into these is in `http`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"
FIELD_ERRORS_MAX = 50
"""More wrong fields than these help nobody, and a body of 1 MB can have thousands."""
RETRY_AFTER_SECONDS = 1


class Kind(NamedTuple):
    """A code's HTTP status and its sentence."""

    status: int
    sentence: str


CODES: Mapping[str, Kind] = {
    "invalid_json": Kind(400, "The body is not JSON."),
    "body_incomplete": Kind(400, "The connection ended before the body did."),
    "invalid_cursor": Kind(400, "The cursor is not one that this list gave out."),
    "idempotency_key_missing": Kind(400, "A command needs the header Idempotency-Key."),
    "idempotency_key_invalid": Kind(400, "Idempotency-Key must be 1 to 200 printable ASCII characters."),
    "token_missing": Kind(401, "The header Authorization with a bearer token is missing."),
    "token_invalid": Kind(401, "The token is not valid, or not valid any more."),
    "role_not_allowed": Kind(403, "The token's role may not do this."),
    "foreign_seller": Kind(403, "The token is for another seller."),
    "unknown_route": Kind(404, "There is nothing at this address."),
    "not_found": Kind(404, "There is no such object."),
    "method_not_allowed": Kind(405, "This address does not take that method."),
    "body_too_slow": Kind(408, "The body took too long to arrive."),
    "object_parked": Kind(409, "Earlier messages about this object wait for an operator. Try again later with the same key."),
    "not_discardable": Kind(409, "This message can't be discarded: it is not parked, or it is a deadline."),
    "still_wrong": Kind(409, "The record was taken again and is still wrong."),
    "body_too_large": Kind(413, "The body is too large."),
    "unsupported_media_type": Kind(415, "The body must be application/json."),
    "invalid_request": Kind(422, "Some fields are missing or wrong."),
    "idempotency_key_reused": Kind(422, "This Idempotency-Key was used for another request."),
    "internal_error": Kind(500, "Something is wrong on our side. Nothing was changed; the same key may be used again."),
    "starting": Kind(503, "The service is starting. Try again with the same key."),
    "stopping": Kind(503, "The service is stopping. Try again with the same key."),
    "intake_stopped": Kind(503, "Too much has failed lately; an operator has to look."),
    "crowded": Kind(503, "Too many commands are waiting. Try again with the same key."),
    "unavailable": Kind(503, "The database can't be reached. Try again with the same key."),
    "request_failed": Kind(400, "The request could not be served."),
}
"""Every code that the HTTP edge gives by itself. Codes of refused commands stand in the contracts' REFUSALS."""


class FieldError(BaseModel):
    """One field that is wrong, by its path in body or parameters."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class ProblemBody(BaseModel):
    """RFC 9457, with a stable `code` to program against."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    errors: tuple[FieldError, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        code: str,
        kind: Kind | None = None,
        *,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        status, sentence = kind or CODES[code]
        self.headers = dict(headers or {}) | _headers(status)
        self.body = ProblemBody(
            type=f"urn:wharf:problem:{code}", title=sentence, status=status, code=code, detail=detail, errors=tuple(errors)
        )

    def response(self) -> JSONResponse:
        content = self.body.model_dump(exclude_none=True, exclude_defaults=True)
        return JSONResponse(content, self.body.status, self.headers, MEDIA_TYPE)


def invalid_fields(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> ProblemError:
    """From pydantic's errors. Its messages name what is wanted; the value that was sent stays out.

    `skip` drops the first parts of each path.
    """
    listed = list(errors)
    if any(error["type"] == "json_invalid" for error in listed):
        return ProblemError("invalid_json")
    fields = [
        FieldError(field=".".join(map(str, error["loc"][skip:])), message=error["msg"]) for error in listed[:FIELD_ERRORS_MAX]
    ]
    return ProblemError("invalid_request", errors=fields)


def _headers(status: int) -> dict[str, str]:
    match status:
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 503:
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        case _:
            return {}
