"""Pages of Twilio's lists: ``PageSize``, ``Page`` and the ``PageToken`` that the links carry.

A token names the last record of the page before, so that clients who follow ``next_page_uri`` see each record once
while others come and go. Without one, ``Page`` counts pages from the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from trunkline.core.model import Page
from trunkline.dialects.twilio.problems import ANY, RefusedError

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
TOO_LARGE, BAD_TOKEN = 20007, 21481

_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_TOKEN = re.compile(r"PA([A-Z]{2})([0-9a-f]{32})", re.ASCII)
_PAGING = ("PageSize", "Page", "PageToken")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for: ``page`` for the store, the page's ``number``, the filters as written."""

    page: Page
    number: int
    filters: Mapping[str, str]
    token: str
    prefix: str

    def token_after(self, last: int) -> str:
        """Return the token of what follows the record with this order number."""
        return f"PA{self.prefix}{last:032x}"


def window(args: Mapping[str, str], prefix: str) -> Window:
    """Read the paging arguments of a list of records whose SIDs begin with ``prefix``."""
    size = _count(args, "PageSize", PAGE_SIZE)
    if size < 1:
        raise RefusedError(ANY, "PageSize is at least 1")
    if size > MAX_PAGE_SIZE:
        raise RefusedError(TOO_LARGE, f"PageSize is at most {MAX_PAGE_SIZE}")
    number, token = _count(args, "Page", 0), args.get("PageToken", "")
    filters = {name: value for name, value in args.items() if name not in _PAGING}
    if not token:
        return Window(Page(size, number * size), number, filters, "", prefix)
    match = _TOKEN.fullmatch(token)
    last = int(match[2], 16) if match and match[1] == prefix else -1
    if not 0 <= last < 1 << 63:
        raise RefusedError(BAD_TOKEN, "PageToken is none of this list's: follow next_page_uri as it is")
    return Window(Page(size, after=last), number, filters, token, prefix)


def _count(args: Mapping[str, str], name: str, default: int) -> int:
    value = args.get(name, "").strip()
    if not value:
        return default
    if not _COUNT.fullmatch(value):
        raise RefusedError(ANY, f"{name} is not a whole number of 0 or more")
    return int(value)
