"""Answers of Twilio's dialect: one record, a list in its envelope, nothing; written as the path's suffix asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from trunkline.dialects.http import Answer, Ask
from trunkline.dialects.twilio import formats, ids
from trunkline.dialects.twilio.paging import Window

_CREATED = 201


def headers(ask: Ask) -> tuple[tuple[bytes, bytes], ...]:
    """Return what every answer carries: a name for it, and how long it took in seconds."""
    took = b"%.3f" % (perf_counter() - ask.began)
    return (b"twilio-request-id", ids.new_request_id().encode()), (b"twilio-request-duration", took)


def one(ask: Ask, element: str, view: Mapping[str, Any], status: int = 200) -> Answer:
    """Return one record; ``element`` is its name in XML (``IncomingPhoneNumber``)."""
    if ask.suffix == ".json":
        return Answer(status, formats.json_body(view), headers(ask))
    return Answer(status, formats.xml_body(formats.element(element, view)), headers(ask), formats.XML)


def created(ask: Ask, element: str, view: Mapping[str, Any]) -> Answer:
    """Return a new record: 201."""
    return one(ask, element, view, _CREATED)


def deleted(ask: Ask) -> Answer:
    """Return the answer to a deletion: 204, without a body."""
    return Answer(204, b"", headers(ask))


def listed(
    ask: Ask, key: str, element: str, views: Sequence[Mapping[str, Any]], *, window: Window, last: int | None
) -> Answer:
    """Return a page of a list under ``key``. ``last`` is `core.model.Listing.last`: None where nothing follows."""
    if ask.suffix == ".csv":
        return Answer(200, formats.csv_list(views), headers(ask), formats.CSV)
    meta = _meta(ask, window, len(views), last)
    if ask.suffix == ".json":
        return Answer(200, formats.json_body({key: views, **meta}), headers(ask))
    return Answer(200, formats.xml_list(key, element, views, meta), headers(ask), formats.XML)


def whole(ask: Ask, key: str, element: str, views: Sequence[Mapping[str, Any]], uri: str) -> Answer:
    """Return a list that has no pages: the records under ``key`` and its own ``uri``."""
    if ask.suffix == ".csv":
        return Answer(200, formats.csv_list(views), headers(ask), formats.CSV)
    if ask.suffix == ".json":
        return Answer(200, formats.json_body({key: views, "uri": uri}), headers(ask))
    return Answer(200, formats.xml_list(key, element, views, {"uri": uri}), headers(ask), formats.XML)


def _meta(ask: Ask, window: Window, shown: int, last: int | None) -> dict[str, Any]:
    first = window.number * window.page.limit
    following = _link(ask, window, window.number + 1, window.token_after(last)) if last is not None else None
    return {
        "end": first + max(0, shown - 1) if shown else 0,
        "first_page_uri": _link(ask, window, 0),
        "next_page_uri": following,
        "page": window.number,
        "page_size": window.page.limit,
        "previous_page_uri": _link(ask, window, window.number - 1) if window.number else None,
        "start": first if shown else 0,
        "uri": _link(ask, window, window.number, window.token),
    }


def _link(ask: Ask, window: Window, number: int, token: str = "") -> str:
    query = {**window.filters, "PageSize": window.page.limit, "Page": number} | ({"PageToken": token} if token else {})
    return f"{ask.path}?{urlencode(query)}"
