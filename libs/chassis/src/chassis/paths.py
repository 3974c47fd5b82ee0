"""Paths whose parts may have any character, slashes too: SKUs do, and with them the ids of objects."""

from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

PART = "part"
"""A path parameter of this kind, `{sku:part}`, is one segment, whatever characters it has."""


class WholeSegments:
    """Keeps a slash inside of a path segment apart from those between segments.

    `%2F` stays escaped, as in a Kafka key, until the route has been found; `PartConvertor` gives it back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%" in scope.get("raw_path", b""):
            segments = scope["raw_path"].decode("ascii", "replace").split("/")
            path = "/".join(unquote(segment).replace("%", "%25").replace("/", "%2F") for segment in segments)
            scope = {**scope, "path": path}
        await self.app(scope, receive, send)


class PartConvertor(Convertor[str]):
    """One segment of a path, whatever characters it has."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value.replace("%2F", "/").replace("%25", "%")

    def to_string(self, value: str) -> str:
        return value.replace("%", "%25").replace("/", "%2F")


register_url_convertor(PART, PartConvertor())
