"""This dialect's OpenAPI 3.1 document, made from its route table and the names of its arguments.

Arguments are read leniently: numbers and booleans also as text, and those of a POST or DELETE from body or query.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from trunkline import __version__
from trunkline.dialects.http import MAX_BODY, Operation
from trunkline.dialects.plivo.arguments import ARGUMENTS

_VALUE = re.compile(r"\{(\w+)\}")
_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
_FLAG: dict[str, Any] = {"type": ["boolean", "string", "null"]}
_TEXTS: dict[str, Any] = {"type": ["string", "array"], "items": _TEXT}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_SCHEMAS = {
    "limit": {"type": "integer", "minimum": 1, "default": 20},
    "offset": _COUNT,
    "after": _COUNT,
    "numbers": _TEXTS,
    "ip_set": _TEXTS,
    "enabled": _FLAG,
    "cascade": _FLAG,
    "default_number_app": _FLAG,
    "default_endpoint_app": _FLAG,
    "public_uri": _FLAG,
    "log_incoming_messages": _FLAG,
    "secure": _FLAG,
    "authentication_needed": _FLAG,
    "ip_addresses": _TEXTS,
    "eligible": _FLAG,
    "local_calling_area": _FLAG,
    "ha_enable": _FLAG,
    "ha_enabled": _FLAG,
    "verification_info": {"type": ["object", "null"]},
}
"""Arguments that are more than one text."""

_API_ID = {"type": "string", "format": "uuid"}
_ANY_COUNT = {"type": "integer"}


def _list(key: str) -> dict[str, Any]:
    """Return the schema of a list that stands under ``key``."""
    meta = {
        "type": "object",
        "properties": {
            "limit": _ANY_COUNT,
            "offset": _ANY_COUNT,
            "total_count": _ANY_COUNT,
            "next": {"type": ["string", "null"]},
            "previous": {"type": ["string", "null"]},
        },
    }
    records = {"type": "array", "items": {"type": "object"}}
    return {
        "type": "object",
        "properties": {"api_id": _API_ID, "meta": meta, key: records},
        "required": ["api_id", "meta", key],
    }


_COMPONENTS = {
    "Record": {"type": "object", "properties": {"api_id": _API_ID}, "required": ["api_id"]},
    "Changed": {
        "type": "object",
        "properties": {"api_id": _API_ID, "message": {"type": "string"}},
        "required": ["api_id", "message"],
    },
    "List": _list("objects"),
    "Profiles": _list("profiles"),
    "Compliances": _list("compliances"),
    "Campaigns": _list("campaigns"),
    "Error": {
        "type": "object",
        "properties": {"api_id": _API_ID, "error": {"type": "string", "minLength": 1}},
        "required": ["api_id", "error"],
    },
}


_DONE = {
    "list_profiles": ("200", "Profiles"),
    "list_compliance": ("200", "Compliances"),
    "list_campaigns": ("200", "Campaigns"),
    "list_campaign_numbers": ("200", "Record"),
    "update_profile": ("200", "Record"),
    "link_compliance": ("200", "Record"),
    "unlink_number": ("200", "Changed"),
    "delete_compliance": ("200", "Changed"),
}
"""Status and body of operations, by the handler's name, that do not answer as those of their method do."""


def document(operations: Sequence[Operation]) -> bytes:
    """Return the document in JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(f"{operation.path}/", {})[operation.method.lower()] = _operation(operation)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Trunkline: Plivo's HTTP API", "version": __version__},
            "security": [{"account": []}],
            "paths": paths,
            "components": {
                "schemas": _COMPONENTS,
                "securitySchemes": {"account": {"type": "http", "scheme": "basic"}},
            },
        }
    )


def _operation(operation: Operation) -> dict[str, Any]:
    name = operation.handler.__name__
    text = {"type": "string"}
    parameters = [
        {"name": value, "in": "path", "required": True, "schema": text} for value in _VALUE.findall(operation.path)
    ]
    schemas = {argument: _SCHEMAS.get(argument, _TEXT) for argument in ARGUMENTS.get(name, ())}
    described: dict[str, Any] = {
        "operationId": name,
        "summary": operation.handler.__doc__,
        "parameters": parameters,
        "responses": {**_done(operation), "default": _answer("refused", "Error")},
    }
    if operation.method in ("POST", "PATCH"):
        body = {"schema": {"type": "object", "properties": schemas}}
        media = ["application/json", "application/x-www-form-urlencoded"]
        if operation.max_body > MAX_BODY:  # documents come as files beside `data`
            media.append("multipart/form-data")
        described["requestBody"] = {"content": dict.fromkeys(media, body)}
    else:
        parameters += [{"name": argument, "in": "query", "schema": schema} for argument, schema in schemas.items()]
    return described


def _done(operation: Operation) -> dict[str, Any]:
    if operation.handler.__name__ in _DONE:
        status, schema = _DONE[operation.handler.__name__]
        return {status: _answer("done", schema)}
    if operation.method == "DELETE":
        return {"204": {"description": "done"}}
    if operation.method == "GET":
        return {"200": _answer("done", "List" if operation.is_list else "Record")}
    return {"2XX": _answer("done: 201 created, 202 changed", "Changed")}


def _answer(text: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}
