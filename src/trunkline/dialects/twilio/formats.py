"""The three ways in which an answer of the 2010-04-01 API is written: JSON, XML (without a suffix, too) and CSV.

A view is the JSON form: snake_case keys, texts, numbers, booleans, null, and mappings and lists of them. XML has the
same in PascalCase elements, CSV the same in columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

SUFFIXES = (".json", ".xml", ".csv")
JSON, XML, CSV = b"application/json", b"application/xml", b"text/csv"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""

json_body = msgspec.json.Encoder().encode


def _xml_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("\ufffd", str(value))


def tag(key: str) -> str:
    """Return the XML element of a key: ``phone_number`` is ``PhoneNumber``."""
    return "".join(word.capitalize() for word in key.split("_"))


def element(name: str, value: object) -> str:
    """Return a value as an XML element."""
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(element(tag(str(key)), inner) for key, inner in value.items())}</{name}>"
    if isinstance(value, list | tuple):
        return f"<{name}>{''.join(element('Item', inner) for inner in value)}</{name}>"
    text = _xml_text(value)
    return f"<{name}>{escape(text)}</{name}>" if text else f"<{name}/>"


def xml_body(inner: str) -> bytes:
    """Return an XML document around elements."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{inner}</TwilioResponse>'.encode()


def xml_list(key: str, one: str, views: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> bytes:
    """Return a list: the envelope's keys are attributes, without their underscores."""
    attributes = "".join(f" {name.replace('_', '')}={quoteattr(_xml_text(value))}" for name, value in meta.items())
    name = tag(key)
    return xml_body(f"<{name}{attributes}>{''.join(element(one, view) for view in views)}</{name}>")


def csv_list(views: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a list with a header row; what has parts of its own stands as JSON. No rows, no header."""
    text = io.StringIO()
    rows = csv.writer(text)
    if views:
        rows.writerow(tag(key) for key in views[0])
    for view in views:
        rows.writerow(_csv_text(value) for value in view.values())
    return text.getvalue().encode("utf-8", "replace")


def _csv_text(value: object) -> str:
    return json_body(value).decode() if isinstance(value, Mapping | list | tuple) else _xml_text(value)
