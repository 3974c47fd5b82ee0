"""A page of a service's interface for people: routes and messages in one HTML file that needs no network and no script."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json: TypeAlias = "Mapping[str, Any]"

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; } h3 { margin-top: 2rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { background: #f5f5f2; padding: .7rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .25rem .6rem;
border-bottom: 1px solid #e4e4e0; } nav { columns: 2; } details { margin: .5rem 0; } .quiet { color: #666; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #e6e6e6; } pre { background: #262626; }
a { color: #8ab4f8; } }
"""
LIMITS = {
    "pattern": "matches {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "default": "by default {}",
}


def service_page(openapi: Json, asyncapi: Json) -> str:
    """One HTML page of both documents."""
    title = escape(openapi["info"]["title"])
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1><p>{escape(asyncapi['info']['description'])}</p>",
        "<h2>Contents</h2><nav><ul>",
        *(f"<li><a href='#{anchor}'>{escape(text)}</a></li>" for anchor, text in _contents(openapi, asyncapi)),
        "</ul></nav><h2>HTTP</h2>",
        *_routes(openapi),
        "<h2>Kafka</h2>",
        *_channels(asyncapi),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _contents(openapi: Json, asyncapi: Json) -> Iterator[tuple[str, str]]:
    for path, operations in openapi["paths"].items():
        for method in operations:
            yield _anchor(method, path), f"{method.upper()} {path}"
    for name in asyncapi["channels"]:
        yield _anchor("topic", name), name


def _anchor(*parts: str) -> str:
    return "-".join("".join(c if c.isalnum() else "-" for c in part) for part in parts)


def _routes(openapi: Json) -> Iterator[str]:
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            yield f"<h3 id='{_anchor(method, path)}'><code>{method.upper()} {escape(path)}</code></h3>"
            yield f"<p>{escape(operation.get('description', operation['summary']))}</p>"
            yield from _parameters(operation)
            yield from _bodies(openapi, operation)


def _parameters(operation: Json) -> Iterator[str]:
    rows = [
        (p["name"], p["in"], "yes" if p.get("required") else "", _kind(p["schema"]), p.get("description", ""))
        for p in operation.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "in", "required", "type", ""), rows)


def _bodies(openapi: Json, operation: Json) -> Iterator[str]:
    if "requestBody" in operation:
        yield "<p class='quiet'>Body</p>"
        yield _fields(openapi, operation["requestBody"]["content"]["application/json"]["schema"])
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            title = escape(f"Answer {status}: {answer['description']}")
            yield f"<details><summary>{title}</summary>{_fields(openapi, schema)}</details>"


def _channels(asyncapi: Json) -> Iterator[str]:
    read = {name for name, operation in asyncapi["operations"].items() if operation["action"] == "receive"}
    for name, channel in asyncapi["channels"].items():
        direction = "read" if f"receive.{name}" in read else "written"
        yield f"<h3 id='{_anchor('topic', name)}'><code>{escape(name)}</code> <span class='quiet'>{direction}</span></h3>"
        yield f"<p>{escape(channel['description'])}</p>"
        for message in channel["messages"]:
            yield from _message(asyncapi, asyncapi["components"]["messages"][message])


def _message(asyncapi: Json, message: Json) -> Iterator[str]:
    yield f"<details><summary><b>{escape(message['name'])}</b> {escape(message['summary'])}</summary>"
    yield _fields(asyncapi, message["payload"])
    for example in message["examples"]:
        yield f"<pre>{escape(json.dumps(example['payload'], indent=2, ensure_ascii=False))}</pre>"
    yield "</details>"


def _fields(document: Json, schema: Json) -> str:
    """A table of an object's fields; other shapes in a word."""
    target = _target(document, schema)
    if "properties" not in target:
        return f"<p>{escape(_kind(schema))}</p>"
    required = target.get("required", ())
    rows = [
        (name, "yes" if name in required else "", _kind(field), field.get("description", ""))
        for name, field in target["properties"].items()
    ]
    parts = [_table(("field", "required", "type", ""), rows)]
    for name in dict.fromkeys(_names(list(target["properties"].values()))):
        part = document["components"]["schemas"][name]
        parts.append(f"<details><summary>{escape(name)}</summary>{_fields(document, part)}</details>")
    return "".join(parts)


def _target(document: Json, schema: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    target: Json = document["components"]["schemas"][name] if name else schema
    return target


def _names(fields: Any) -> Iterator[str]:
    """Parts that are referred to."""
    if isinstance(fields, dict):
        if "$ref" in fields:
            yield fields["$ref"].rpartition("/")[2]
        yield from _names(list(fields.values()))
    elif isinstance(fields, list):
        for field in fields:
            yield from _names(field)


def _kind(schema: Json) -> str:
    """A type with its limits, in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    inner = f" of {_kind(schema['items'])}" if "items" in schema else ""
    limits = [text.format(json.dumps(schema[name])) for name, text in LIMITS.items() if name in schema]
    return ", ".join([str(schema.get("format", schema.get("type", "anything"))) + inner, *limits])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table><tr>{titles}</tr>{''.join(lines)}</table>"
