"""The AsyncAPI 3.0 document of a service: what it reads and what it tells, from the registry of messages.

Golden samples are the examples.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic.json_schema import models_json_schema

from contracts.clock import TICKS, Tick
from contracts.registry import TOPICS, TRAVELING
from devkit.checkout import ROOT
from devkit.documents.schemas import PUBLISHED, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from contracts.envelope import Topic

Json: TypeAlias = dict[str, Any]

SAMPLES = ROOT / "tests" / "contract" / "samples"
SCHEMA_REFERENCE = "#/components/schemas/{model}"

ADDITIONS = "Inside a version there are only additions: optional fields. Readers ignore fields they do not know."

_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 200}
_ID: Json = {"type": "string", "minLength": 1, "maxLength": 200, "description": "any text; a UUID is best"}

ENVELOPE: Json = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, binary mode: attributes are headers, the value is the JSON body alone.",
    "required": ["ce_id", "ce_source", "ce_type", "ce_sellerid"],
    "properties": {
        "content-type": {"type": "string", "const": "application/json"},
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {**_ID, "description": "with ce_source the message's identity: one identity, one effect"},
        "ce_source": {**_TEXT, "description": "who made it; below /http it is reserved"},
        "ce_type": {**_TEXT, "description": "the name of the message; readers ignore those that they do not know"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {**_TEXT, "description": "the object: seller/kind/id, as the record's key"},
        "ce_dataschema": {"type": "string", "description": "urn:wharf:<type>:1"},
        "ce_sellerid": {**_TEXT, "description": "must be the seller of key and body"},
        "ce_correlationid": {**_ID, "description": "the id of the first command that led here"},
        "ce_causationid": {**_ID, "description": "the id of the message that led to this one"},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "counts the facts of one object"},
        "traceparent": {"type": "string", "description": "W3C trace context"},
    },
}


def asyncapi_document(service: str, read: Iterable[str]) -> Json:
    """`read` are the types that the service decides."""
    received = sorted(name for name in read if name in TRAVELING)
    sent = sorted(name for name, kind in TRAVELING.items() if kind.topic.owner == service)
    names = [*received, *sent, Tick.__name__]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Wharf {service}",
            "version": "1",
            "description": ADDITIONS,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, names) for topic in _topics(names)},
        "operations": {
            **_operations("receive", [*received, Tick.__name__]),
            **_operations("send", sent),
        },
        "components": {
            "messages": {name: _message(name) for name in sorted(names)},
            "schemas": {"Envelope": ENVELOPE, **_schemas(names)},
        },
    }


def topic_of(name: str) -> Topic:
    return TICKS if name == Tick.__name__ else TRAVELING[name].topic


def samples_of(name: str) -> list[Json]:
    samples: list[Json] = json.loads((SAMPLES / place_of(name)).read_text(encoding="utf-8"))
    return samples


def _topics(names: Iterable[str]) -> list[Topic]:
    return [TOPICS[name] for name in sorted({topic_of(name).name for name in names})]


def _channel(topic: Topic, names: Iterable[str]) -> Json:
    carried = sorted(name for name in names if topic_of(name) is topic)
    cleanup = {"topicConfiguration": {"cleanup.policy": ["compact"]}} if topic.compacted else {}
    return {
        "address": topic.name,
        "description": f"Written by {topic.owner}, keyed by {topic.keyed_by}. {topic.promise[0].upper()}{topic.promise[1:]}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        "bindings": {"kafka": {"topic": topic.name, **cleanup}},
    }


def _operations(action: str, names: Sequence[str]) -> Json:
    return {f"{action}.{topic.name}": _operation(action, topic, names) for topic in _topics(names)}


def _operation(action: str, topic: Topic, names: Iterable[str]) -> Json:
    channel = f"#/channels/{topic.name}"
    carried = sorted(name for name in names if topic_of(name) is topic)
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in carried],
    }


def _message(name: str) -> Json:
    keyed = name in TRAVELING
    key = {
        "type": "string",
        "description": f"seller/kind/id of the {topic_of(name).keyed_by}; % and / inside a part are escaped",
    }
    return {
        "name": name,
        "title": name,
        "summary": inspect.getdoc(PUBLISHED[name]),
        "contentType": "application/json",
        **({"headers": {"$ref": "#/components/schemas/Envelope"}, "bindings": {"kafka": {"key": key}}} if keyed else {}),
        "payload": {"$ref": SCHEMA_REFERENCE.format(model=name)},
        "examples": [{"payload": sample} for sample in samples_of(name)],
    }


def _schemas(names: Iterable[str]) -> Json:
    models = [(PUBLISHED[name], "validation") for name in sorted(names)]
    _, whole = models_json_schema(models, ref_template=SCHEMA_REFERENCE)  # type: ignore[arg-type]  # a literal, lost in the list
    return dict(sorted(whole["$defs"].items()))
