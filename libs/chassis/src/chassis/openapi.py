"""The OpenAPI document of an app.

The framework knows routes, parameters and answers; bodies that `JsonBody` reads and problem documents are added here.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chassis.problems import MEDIA_TYPE, ProblemBody
from chassis.sending import JsonBody

REFERENCE = "#/components/schemas/{model}"
REPLACED = ("HTTPValidationError", "ValidationError")
"""The framework's own form of errors, which nobody gets."""


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1."""
    whole = get_openapi(title=app.title, version=app.version, routes=app.routes)
    bodies = dict(_bodies(app))
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    models: dict[type[BaseModel], None] = dict.fromkeys([*bodies.values(), ProblemBody])
    _, extra = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCE)
    schemas.update(extra["$defs"])
    for name in REPLACED:
        schemas.pop(name, None)
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            _complete(operation, bodies.get((path, method)))
    whole["components"]["schemas"] = dict(sorted(schemas.items()))
    return whole


def _complete(operation: dict[str, Any], body: type[BaseModel] | None) -> None:
    if body is not None:
        schema = {"$ref": REFERENCE.format(model=body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    operation["responses"].pop("422", None)
    problem = {"$ref": REFERENCE.format(model=ProblemBody.__name__)}
    operation["responses"]["default"] = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": problem}}}


def _bodies(app: FastAPI) -> Iterator[tuple[tuple[str, str], type[BaseModel]]]:
    """By path and method."""
    for route in iter_route_contexts(app.routes):
        for body in _body_of(route.dependant):
            for method in route.methods or ():
                yield (str(route.path_format), method.lower()), body


def _body_of(dependant: Dependant) -> Iterator[type[BaseModel]]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, JsonBody):
            yield dependency.call.model
