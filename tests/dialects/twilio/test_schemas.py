"""The checker of answers: it finds what is wrong, and knows every word of the extract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dialects.twilio.schemas import DOCUMENTS, FORMATS, KEYWORDS, TYPES, Fault, described, extracted, faults

SID = {"type": "string", "minLength": 34, "maxLength": 34, "pattern": "^AP[0-9a-fA-F]{32}$", "nullable": True}
DATE = {"type": "string", "format": "date-time-rfc-2822"}
TIME = {"type": "string", "format": "date-time"}
WRONG: list[tuple[Any, Any, str]] = [
    (None, {"type": "string"}, "null"),
    ("1", {"type": "integer"}, "no integer"),
    (True, {"type": "integer"}, "no integer"),
    (1, {"type": "boolean"}, "no boolean"),
    ([], {"type": "object", "properties": {}}, "no object"),
    ("AP12", SID, "not ^AP[0-9a-fA-F]{32}$"),
    ("", SID, "not ^AP[0-9a-fA-F]{32}$"),
    ("x", {"type": "string", "enum": ["a", "b"]}, "none of ['a', 'b']"),
    ("2015-07-30T23:19:04Z", DATE, "no date-time-rfc-2822"),
    ("Thu, 30 Jul 2015 23:19:04 GMT", DATE, "no date-time-rfc-2822"),
    ("Fri, 30 Jul 2015 23:19:04 +0000", DATE, "no date-time-rfc-2822"),
    ("2015-07-30T23:19:04.000Z", TIME, "no date-time"),
    ("2015-07-30T23:19:04+00:00", TIME, "no date-time"),
    ("14155550100", {"type": "string", "format": "phone-number"}, "no phone-number"),
    ("a b", {"type": "string", "format": "uri"}, "no uri"),
    ({"a": 1}, {"type": "object", "properties": {"a": {"type": "string"}}}, "no string"),
    ({}, {"type": "object", "properties": {"a": {"type": "string"}}}, "missing"),
    ({"b": 1}, {"type": "object", "properties": {}}, "unknown"),
    (["x", 1], {"type": "array", "items": {"type": "string"}}, "no string"),
]
RIGHT: list[tuple[Any, Any]] = [
    (None, SID),
    ("AP" + "0a" * 16, SID),
    ("Thu, 30 Jul 2015 23:19:04 +0000", DATE),
    ("2015-07-30T23:19:04Z", TIME),
    ({"voice": True, "sms": False, "mms": False}, {"type": "object", "format": "phone-number-capabilities"}),
    (["x"], {"type": "array", "items": {"type": "string"}}),
    (1.5, {"type": "number"}),
]


@pytest.mark.parametrize(("value", "schema", "why"), WRONG)
def test_what_is_wrong_is_found(value: Any, schema: Any, why: str) -> None:
    assert [fault.why for fault in faults(value, schema, DOCUMENTS[0])] == [why]


@pytest.mark.parametrize(("value", "schema"), RIGHT)
def test_what_is_right_is_left_alone(value: Any, schema: Any) -> None:
    assert list(faults(value, schema, DOCUMENTS[0])) == []


def test_a_fault_tells_where_it_is() -> None:
    (account,) = (o for o in described() if o.name == "FetchAccount")
    found = faults({"sid": "x"}, account.schema, account.document)
    assert Fault("api.v2010.account.sid", "not ^AC[0-9a-fA-F]{32}$", "x") in found


def parts(schema: Any) -> Iterator[Any]:
    """Give a schema and all that are inside it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from parts(inner)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_extract_has_no_word_that_is_not_checked(name: str) -> None:
    kept = [*extracted(name)["schemas"].values(), *(o.schema for o in described() if o.schema and o.document == name)]
    for schema in (part for whole in kept for part in parts(whole)):
        assert set(schema) <= KEYWORDS | {"$ref"}
        assert schema.get("format", "uri") in FORMATS
        assert schema.get("type", "string") in TYPES
