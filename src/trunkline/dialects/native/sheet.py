"""Call records as CSV, for spreadsheets: a header row, then one row for each call, in the words of `CallView`.

Callers choose some of these texts, and a spreadsheet runs what looks like a formula: such a text gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

import msgspec

from trunkline.core.records import CallRecord
from trunkline.dialects.native import views

MEDIA_TYPE = "text/csv"
COLUMNS = views.CallView.__struct_fields__
FORMULA_STARTS = ("=", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet takes for a formula, or strips to find one."""

_PHONE_NUMBER = re.compile(r"\+[0-9 .()-]*")
"""``+`` begins a formula too, except in a phone number, which stays as it is."""


def sheet(records: Iterable[CallRecord], end: str = "\r\n") -> str:
    """Return records as CSV, in their order. Times are ISO 8601; None is empty; ``end`` ends a line, as in RFC 4180."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(COLUMNS)
    for record in records:
        row = msgspec.to_builtins(views.call(record))
        writer.writerow([guarded(row[name]) for name in COLUMNS])
    return out.getvalue()


def guarded(value: object) -> object:
    """Return a cell's value; a text that a spreadsheet would run as a formula gets a leading apostrophe."""
    if not isinstance(value, str):
        return value
    formula = value.startswith(FORMULA_STARTS) or (value[:1] == "+" and not _PHONE_NUMBER.fullmatch(value))
    return f"'{value}" if formula else value
