"""What the product APIs (``/v1/…``) have in common: JSON only, absolute links, ISO 8601, lists with a ``meta``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.twilio import formats
from trunkline.dialects.twilio.answering import headers
from trunkline.dialects.twilio.paging import Window


def date(at: datetime) -> str:
    """Return a time like ``2015-07-30T23:19:04Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def base(ask: Ask) -> str:
    """Return what links to this server begin with: the operator's setting, else the request's own scheme and host."""
    host = ask.header(b"host")
    return ask.platform.inventory.rules.public_url or f"{ask.scheme}://{host}"


def link(ask: Ask, *parts: str) -> str:
    """Return an absolute URL: ``link(ask, "v1", "Trunks", sid)``."""
    return "/".join((base(ask), *parts))


def one(ask: Ask, view: Mapping[str, Any], status: int = 200) -> Answer:
    """Return one record."""
    return Answer(status, formats.json_body(view), headers(ask))


def listed(ask: Ask, key: str, views: Sequence[Mapping[str, Any]], *, window: Window, last: int | None) -> Answer:
    """Return a page of a list under ``key``. ``last`` is `core.model.Listing.last`: None where nothing follows."""
    number = window.number
    following = _link(ask, window, number + 1, window.token_after(last)) if last is not None else None
    meta = {
        "page": number,
        "page_size": window.page.limit,
        "first_page_url": _link(ask, window, 0),
        "previous_page_url": _link(ask, window, number - 1) if number else None,
        "url": _link(ask, window, number, window.token),
        "next_page_url": following,
        "key": key,
    }
    return Answer(200, formats.json_body({"meta": meta, key: views}), headers(ask))


def _link(ask: Ask, window: Window, number: int, token: str = "") -> str:
    query = {**window.filters, "PageSize": window.page.limit, "Page": number} | ({"PageToken": token} if token else {})
    return f"{base(ask)}{ask.path}?{urlencode(query)}"
