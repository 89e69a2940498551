"""The table from errors to Twilio's wire: HTTP status, an integer code, and the text.

The body is ``{"code", "message", "more_info", "status"}``, in XML a ``RestException``. Codes and statuses: the vendor's
error dictionary (https://www.twilio.com/docs/api/errors); nearly all that is wrong with a request is 400.
"""

from __future__ import annotations

from typing import NamedTuple

from trunkline.core.errors import (
    CarrierInUseError,
    ConflictError,
    IncompleteError,
    InexpressibleError,
    InvalidError,
    MissingError,
    NotAllowedError,
    NotAuthenticatedError,
    NotAvailableYetError,
    NotFoundError,
    NumberTakenError,
    StoreUnavailableError,
    TrunklineError,
    UnknownReferenceError,
    UsernameTakenError,
)
from trunkline.dialects.http import Answer, Ask, HttpError
from trunkline.dialects.twilio import formats, views
from trunkline.dialects.twilio.answering import headers
from trunkline.dialects.twilio.problems import ANY, RefusedError


class Row(NamedTuple):
    """How an error is answered."""

    status: int
    code: int


TABLE: dict[type[TrunklineError], Row] = {
    TrunklineError: Row(400, ANY),
    InvalidError: Row(400, ANY),
    MissingError: Row(400, ANY),
    IncompleteError: Row(400, ANY),
    NotAvailableYetError: Row(400, ANY),
    UnknownReferenceError: Row(400, ANY),
    NotFoundError: Row(404, 20404),
    NotAuthenticatedError: Row(401, 20003),
    NotAllowedError: Row(403, 20403),
    NumberTakenError: Row(400, 21422),
    CarrierInUseError: Row(409, 20409),
    InexpressibleError: Row(409, 20409),
    ConflictError: Row(409, 20409),
    StoreUnavailableError: Row(503, 20503),
    UsernameTakenError: Row(400, ANY),
}

_CODES = {404: 20404, 405: 20004, 429: 20429, 500: 20500, 503: 20503}
"""Of what is wrong before any use case; where the vendor has no code, it is the status itself."""

_HEADERS: dict[type[TrunklineError], tuple[tuple[bytes, bytes], ...]] = {
    NotAuthenticatedError: ((b"www-authenticate", b'Basic realm="Twilio API"'),),
    StoreUnavailableError: ((b"retry-after", b"1"),),
}


def refuse(error: TrunklineError | HttpError, ask: Ask) -> Answer:
    """Return the answer to a request that ended in ``error``: in XML where the path's suffix says so, or nothing."""
    status, view, more = _told(error, ask)
    if ask.suffix in (".json", ".csv"):
        return Answer(status, formats.json_body(view), (*headers(ask), *more))
    body = formats.xml_body(formats.element("RestException", view))
    return Answer(status, body, (*headers(ask), *more), formats.XML)


def refuse_json(error: TrunklineError | HttpError, ask: Ask) -> Answer:
    """Return the same for APIs whose paths have no suffix, and which speak JSON only."""
    status, view, more = _told(error, ask)
    return Answer(status, formats.json_body(view), (*headers(ask), *more))


def _told(
    error: TrunklineError | HttpError, ask: Ask
) -> tuple[int, dict[str, str | int], tuple[tuple[bytes, bytes], ...]]:
    if isinstance(error, HttpError):
        code = error.code if isinstance(error, RefusedError) else _CODES.get(error.status, error.status)
        text = _not_found(ask) if code == 20404 and not isinstance(error, RefusedError) else error.message
        return error.status, views.refusal(error.status, code, text), error.headers
    kind = type(error)
    row, detail = TABLE[kind], ""
    text = f"{error.message}. {error.advice}" if error.advice else error.message
    if isinstance(error, NotFoundError):
        text = _not_found(ask)
    elif isinstance(error, NotAuthenticatedError):
        text, detail = error.message, error.advice
    elif isinstance(error, NumberTakenError):
        text = f"{', '.join(f'+{number}' for number in error.numbers)} is not available"
    return row.status, views.refusal(row.status, row.code, text, detail), _HEADERS.get(kind, ())


def _not_found(ask: Ask) -> str:
    return f"The requested resource {ask.path} was not found"
