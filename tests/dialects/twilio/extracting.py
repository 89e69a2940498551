"""Cuts the extract in ``oai/`` out of Twilio's OpenAPI documents: ``python -m tests.dialects.twilio.extracting FILE``

Kept are the name, method and path of every operation, and of those on the paths in `KEPT` what goes in and out:
names of arguments, status, schemas. Prose, examples and what is said to code generators are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "oai"
METHODS = ("get", "post", "delete")
KEPT = (
    "/2010-04-01/Accounts.json",
    "/2010-04-01/Accounts/{Sid}.json",
    "/2010-04-01/Accounts/{AccountSid}/Addresses",
    "/2010-04-01/Accounts/{AccountSid}/Applications",
    "/2010-04-01/Accounts/{AccountSid}/AvailablePhoneNumbers",
    "/2010-04-01/Accounts/{AccountSid}/Balance",
    "/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers",
    "/2010-04-01/Accounts/{AccountSid}/Keys",
    "/2010-04-01/Accounts/{AccountSid}/SIP/CredentialLists",
    "/2010-04-01/Accounts/{AccountSid}/SIP/IpAccessControlLists",
    "/v1/Trunks",
)
"""Beginnings of the paths of which schemas are kept."""

LEFT_OUT = ("description", "title", "default", "example")


def main(*files: str) -> None:
    """Write the extract of each document beside the others, under its own name."""
    for file in files:
        told = extract(json.loads(Path(file).read_text()))
        (HERE / Path(file).name).write_text(json.dumps(told, indent=1) + "\n")


def extract(document: Any) -> dict[str, Any]:
    """Return what is kept of a document."""
    schemas = document["components"]["schemas"]
    operations, needed = {}, set[str]()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            told: dict[str, Any] = {"method": method.upper(), "path": path}
            if path.startswith(KEPT):
                told |= _details(item[method])
                needed |= set(_names(told.get("schema"), schemas))
            operations[item[method]["operationId"]] = told
    kept = {name: _bare(schemas[name]) for name in sorted(needed)}
    return {"operations": dict(sorted(operations.items())), "schemas": kept}


def _details(operation: Any) -> dict[str, Any]:
    """Return an operation's arguments, its only answer's status, and that answer's schema."""
    ((status, answer),) = operation["responses"].items()
    told: dict[str, Any] = {"status": int(status)}
    query = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded")
    if query:
        told["query"] = query
    if body:
        told |= {"form": sorted(body["schema"]["properties"]), "required": body["schema"].get("required", [])}
    if "content" in answer:
        told["schema"] = _bare(answer["content"]["application/json"]["schema"])
    return told


def _bare(value: Any) -> Any:
    """Return a schema without what constrains nothing."""
    if isinstance(value, list):
        return [_bare(part) for part in value]
    if not isinstance(value, dict):
        return value
    bare = {k: _bare(v) for k, v in value.items() if k not in LEFT_OUT and not k.startswith("x-")}
    if isinstance(value.get("properties"), dict):  # names of properties are no keywords
        bare["properties"] = {name: _bare(part) for name, part in value["properties"].items()}
    return bare


def _names(value: Any, schemas: Any) -> Iterator[str]:
    """Find the names of all schemas that one leads to."""
    if isinstance(value, list):
        for part in value:
            yield from _names(part, schemas)
    elif isinstance(value, dict):
        if "$ref" in value:
            name = value["$ref"].rpartition("/")[2]
            yield name
            yield from _names(schemas[name], schemas)
        else:
            for part in value.values():
                yield from _names(part, schemas)


if __name__ == "__main__":
    main(*sys.argv[1:])
