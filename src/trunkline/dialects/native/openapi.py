"""The native API's OpenAPI 3.1 document, made from the route table and the structs that the handlers take and give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trunkline import __version__
from trunkline.dialects.native import views
from trunkline.dialects.native.auth import ACCOUNT_ARGUMENT
from trunkline.dialects.native.rows import Row

_REF = "#/components/schemas/{name}"
_VALUE = re.compile(r"\{(\w+)\}")


def document(prefix: str, rows: Sequence[Row]) -> bytes:
    """Return the document in JSON."""
    kinds = {kind for row in rows for kind in (row.body, row.query, row.gives) if kind} | {views.ProblemView}
    _, schemas = msgspec.json.schema_components(sorted(kinds, key=lambda k: k.__name__), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, schemas)
    return views.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Trunkline native API", "version": __version__},
            "servers": [{"url": prefix}],
            "security": [{"key": []}],
            "paths": paths,
            "components": {"schemas": schemas, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        }
    )


def _operation(row: Row, schemas: dict[str, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _ref(views.ProblemView)}}
    operation: dict[str, Any] = {
        "operationId": row.handler.__name__,
        "summary": row.handler.__doc__,
        "parameters": _parameters(row, schemas),
        "responses": {str(row.status): _answer(row), "default": {"description": "refused", "content": problem}},
    }
    if row.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(row.body)}}}
    return operation


def _answer(row: Row) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "done"}
    if row.gives is not None:
        answer["content"] = {"application/json": {"schema": _ref(row.gives)}}
    if row.file is not None:
        answer["content"] = {row.file: {}}
    if row.text is not None:
        text = {"type": "string"}
        answer["content"][row.text] = {"schema": text}
        link = {"description": f'in {row.text}: `<…>; rel="next"` is the page that follows, if one may', "schema": text}
        answer["headers"] = {"Link": link}
    return answer


def _parameters(row: Row, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    text = {"type": "string"}
    found = [{"name": name, "in": "path", "required": True, "schema": text} for name in _VALUE.findall(row.path)]
    if row.query is not None:
        properties = schemas[row.query.__name__]["properties"]
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]
    return [*found, {"name": ACCOUNT_ARGUMENT, "in": "query", "schema": text}]


def _ref(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}
