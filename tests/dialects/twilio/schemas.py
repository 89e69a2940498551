"""Twilio's OpenAPI documents as tests read them, and a checker of answers.

The checker is stricter than JSON Schema, because the documents are lax: an object has all of its properties and no
others, and formats are checked. It knows the keywords that the extract has; another one is an error, not ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "oai"
DOCUMENTS = ("twilio_api_v2010", "twilio_trunking_v1")
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Described:
    """An operation as the documents tell it; ``status`` and what follows only where the resource is kept."""

    name: str
    document: str
    method: str
    path: str
    status: int | None
    query: tuple[str, ...]
    form: tuple[str, ...]
    required: tuple[str, ...]
    schema: Any

    @property
    def key(self) -> tuple[str, str]:
        """Method and path, whatever the values in the path are called and without a suffix."""
        return self.method, plain(self.path)


def plain(path: str) -> str:
    """Return a path whose values have no names, without a suffix."""
    return re.sub(r"\{\w+\}", "{}", path).removesuffix(".json")


@cache
def extracted(name: str) -> Any:
    """Return an extract as it stands in its file."""
    return json.loads((HERE / f"{name}.json").read_text())


def described() -> Iterator[Described]:
    """Give every operation of the documents."""
    for document in DOCUMENTS:
        for name, told in extracted(document)["operations"].items():
            query, form, required = (tuple(told.get(part, ())) for part in ("query", "form", "required"))
            at = (name, document, told["method"], told["path"])
            yield Described(*at, told.get("status"), query, form, required, told.get("schema"))


def _rfc_2822(value: str) -> bool:
    """Python's and Twilio's spelling in GMT: a day's name, two digits, ``+0000``."""
    try:
        return format_datetime(parsedate_to_datetime(value)) == value and value.endswith("+0000")
    except ValueError:
        return False


def _iso_8601(value: str) -> bool:
    """Seconds and ``Z``: anything else stays text in the SDKs."""
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").strftime("%Y-%m-%dT%H:%M:%SZ") == value  # noqa: DTZ007 -- only the spelling counts
    except ValueError:
        return False


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


FORMATS: dict[str, Callable[[Any], bool]] = {
    "date-time-rfc-2822": _rfc_2822,
    "date-time": _iso_8601,
    "uri": _matches(r"|(?:https?:/|sip:)?/?[!-~]+"),
    "uri-map": lambda value: all(isinstance(uri, str) and "/" in uri for uri in value.values()),
    "http-method": _matches("GET|POST"),
    "phone-number": _matches(r"\+[1-9][0-9]{6,14}"),
    "phone-number-capabilities": lambda value: set(value) >= {"voice", "sms", "mms"},
    "iso-country-code": _matches("[A-Z]{2}"),
}
KEYWORDS = {"type", "nullable", "properties", "items", "format", "enum", "pattern", "minLength", "maxLength"}
WITHOUT_ALL = {"phone-number-capabilities"}
"""Formats of objects that may lack properties: a number that is not ours to say may lack ``fax``."""


@dataclass(frozen=True)
class Fault:
    """Where an answer differs from its schema (``schema.property``), how, and what stands there."""

    where: str
    why: str
    value: Any = None


def faults(value: Any, schema: Any, document: str, where: str = "") -> Iterator[Fault]:
    """Give all that is wrong with a value by a schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        inner = extracted(document)["schemas"][name]
        yield from faults(value, inner, document, name if "properties" in inner else where)
        return
    assert set(schema) <= KEYWORDS, f"unknown keywords at {where}: {set(schema) - KEYWORDS}"
    if value is None:
        if not schema.get("nullable"):
            yield Fault(where, "null")
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
        yield Fault(where, f"no {kind}", value)
        return
    yield from _limits(value, schema, where)
    if "properties" in schema:
        yield from _properties(value, schema, document, where)
    for item in value if kind == "array" else ():
        yield from faults(item, schema["items"], document, where)


def _limits(value: Any, schema: Any, where: str) -> Iterator[Fault]:
    if "enum" in schema and value not in schema["enum"]:
        yield Fault(where, f"none of {schema['enum']}", value)
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield Fault(where, f"not {schema['pattern']}", value)
    elif "format" in schema and not FORMATS[schema["format"]](value):
        yield Fault(where, f"no {schema['format']}", value)
    elif (
        not schema.get("minLength", 0) <= (len(value) if isinstance(value, str) else 0) <= schema.get("maxLength", 1e9)
    ):
        yield Fault(where, "wrong length", value)


def _properties(value: dict[str, Any], schema: Any, document: str, where: str) -> Iterator[Fault]:
    known = schema["properties"]
    if schema.get("format") not in WITHOUT_ALL:
        yield from (Fault(f"{where}.{name}", "missing") for name in known.keys() - value.keys())
    for name, part in value.items():
        if name not in known:
            yield Fault(f"{where}.{name}", "unknown", part)
        else:
            yield from faults(part, known[name], document, f"{where}.{name}")
