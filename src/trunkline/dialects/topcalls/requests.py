"""TopCalls' headers, arguments and the bodies of numbers; with `requests_carriers` and `requests_gateways` the only
reader of this dialect's incoming field names.

Source: https://docs.topcalls.ai/api-reference/phone-numbers/add-custom-carrier and add-phone-number. Unknown names are
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from trunkline.core import e164
from trunkline.core.errors import InvalidError
from trunkline.core.model import Page
from trunkline.dialects.http import Ask
from trunkline.dialects.topcalls import ids
from trunkline.dialects.topcalls.fields import Fields
from trunkline.dialects.topcalls.problems import Problem, bad_body, bad_key, bad_path, bad_query

MAX_BODY = 102_400
"""Bytes of a body: 100 kB, as in the Node world behind the vendor's API."""
MAX_LABEL = 100
MAX_LIMIT = 200
DEFAULT_LIMIT = 50

_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-]{8,255}", re.ASCII)
_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)


def json_object(ask: Ask) -> dict[str, Any]:
    """Return a request's body."""
    try:
        value = msgspec.json.decode(ask.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_body([Problem("", "The request body is not JSON", "invalid_json")]) from None
    if not isinstance(value, dict):
        raise bad_body([Problem("", "The request body must be a JSON object", "invalid_type")])
    return value


def idempotency_key(ask: Ask) -> str | None:
    """Return the request's own name for itself, None where it has none."""
    given = [value.decode("latin-1") for name, value in ask.headers if name == b"idempotency-key"]
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise bad_key("Idempotency-Key must be sent once, with 8 to 255 characters of A-Z a-z 0-9 _ -, without quotes")
    return given[0]


def path_id(ask: Ask, name: str) -> str:
    """Return a UUID of the path."""
    found = ids.uuid(ask.params[name])
    if found is None:
        raise bad_path(name)
    return found


def window(ask: Ask) -> Page:
    """Return the part of a list that is asked for; ``cursor`` is the ``next_cursor`` of the page before."""
    args = ask.query()
    limit, cursor = args.get("limit", str(DEFAULT_LIMIT)), args.get("cursor")
    if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= MAX_LIMIT:
        raise bad_query("limit", f"limit must be between 1 and {MAX_LIMIT}", "out_of_range")
    if cursor is not None and not _CURSOR.fullmatch(cursor):
        raise bad_query("cursor", "cursor must be the next_cursor of the page before", "invalid_cursor")
    return Page(int(limit), after=int(cursor) if cursor is not None else None)


# Numbers


class NewNumber(NamedTuple):
    """A number to add; ``carrier_id`` None: the account's default carrier."""

    e164: str
    carrier_id: str | None
    label: str | None


def new_number(body: Mapping[str, Any]) -> NewNumber:
    """Read the body of ``POST /v1/phone-numbers``."""
    fields = Fields(body)
    number, digits = fields.text("number", MAX_BODY, shortest=0), ""
    if number is not None and not _NUMBER.fullmatch(number):
        fields.refuse("number", "Phone number must be in E.164 format (e.g., +14155551234)", "invalid_string")
    elif number is not None:
        try:
            digits = e164.parse(number)
        except InvalidError as error:
            fields.refused("number", error, "invalid_phone_number")
    carrier = fields.text("voip_carrier_sid", MAX_BODY, shortest=0, needed=False)
    carrier_id = ids.uuid(carrier) if carrier is not None else None
    if carrier is not None and carrier_id is None:
        fields.refuse("voip_carrier_sid", "voip_carrier_sid must be a UUID", "invalid_uuid")
    label = fields.text("label", MAX_LABEL, shortest=0, needed=False)
    if label is not None and not label.isprintable():
        fields.refuse("label", "label must not contain control characters", "invalid_string")
    fields.check()
    return NewNumber(digits, carrier_id, label)
