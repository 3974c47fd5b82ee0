"""The generated documents are those checked in, are valid, and need no network."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.registry import TRAVELING
from devkit.documents.access import UnguardedRouteError, access_page
from devkit.documents.asyncapi import samples_of
from devkit.documents.writing import FOLDER, INTERFACES, documents

DOCUMENTS = documents()
SERVICES = sorted(INTERFACES)


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_document_is_the_one_checked_in(path: Path) -> None:
    assert path.exists(), "run `./wharf documents`"
    assert path.read_text() == DOCUMENTS[path], "run `./wharf documents`"


def test_no_document_is_left_over() -> None:
    assert {path for path in FOLDER.iterdir() if path.name != "README.md"} == set(DOCUMENTS)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(service: str, kind: str) -> None:
    document = read(f"{service}.{kind}.json")
    references = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))
    assert references
    for reference in references:
        target = document
        for part in reference.split("/"):
            assert part in target, reference
            target = target[part]


@pytest.mark.parametrize("service", SERVICES)
def test_asyncapi_speaks_of_all_that_is_read_and_told_with_examples_that_fit(service: str) -> None:
    document = read(f"{service}.asyncapi.json")
    told = {name for name, kind in TRAVELING.items() if kind.topic.owner == service}
    read_types = {name for name in INTERFACES[service].desk.types if name in TRAVELING}

    assert _messages_of(document, "send") == told
    assert _messages_of(document, "receive") == read_types | {"Tick"}
    for name, message in document["components"]["messages"].items():
        schema = {**message["payload"], "components": document["components"]}
        assert [example["payload"] for example in message["examples"]] == samples_of(name)
        for example in message["examples"]:
            jsonschema.validate(example["payload"], schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_says_who_may_call_it_and_how_trouble_looks(service: str) -> None:
    document = read(f"{service}.openapi.json")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert operations
    for operation in operations:
        assert operation["security"] == [{"bearer": []}]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_has_a_key_and_a_body(service: str) -> None:
    document = read(f"{service}.openapi.json")
    commands = [
        operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get" and not path.startswith("/operator")
    ]
    assert commands
    for operation in commands:
        assert "idempotency-key" in {parameter["name"].lower() for parameter in operation["parameters"]}
        assert "requestBody" in operation


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_works_offline(service: str) -> None:
    page = (FOLDER / f"{service}.html").read_text()
    assert not re.search(r"(src|href)=['\"](?!#)", page)
    assert "<script" not in page
    assert "@import" not in page
    anchors = set(re.findall(r"href='#([^']+)'", page))
    assert anchors
    assert anchors == set(re.findall(r"id='([^']+)'", page))


def test_a_route_without_a_rule_is_found() -> None:
    app = INTERFACES["orders"].app

    @app.get("/unguarded")
    async def unguarded() -> None:
        """Nobody has said who may."""

    with pytest.raises(UnguardedRouteError, match="/unguarded"):
        access_page({"orders": app})


def _messages_of(document: Any, action: str) -> set[str]:
    return {
        message["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == action
        for message in operation["messages"]
    }
