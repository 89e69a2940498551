"""The table from errors to the native API's wire: problem details (RFC 9457) with a machine-readable ``code``."""

from __future__ import annotations

from http import HTTPStatus

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
from trunkline.dialects.native import views

PROBLEM = b"application/problem+json"

TABLE: dict[type[TrunklineError], tuple[int, str]] = {
    TrunklineError: (400, "invalid"),
    InvalidError: (400, "invalid"),
    MissingError: (400, "missing"),
    IncompleteError: (400, "incomplete"),
    NotAvailableYetError: (400, "not_available_yet"),
    UnknownReferenceError: (400, "unknown_reference"),
    NotFoundError: (404, "not_found"),
    NotAuthenticatedError: (401, "not_authenticated"),
    NotAllowedError: (403, "not_allowed"),
    NumberTakenError: (409, "number_taken"),
    CarrierInUseError: (409, "carrier_in_use"),
    InexpressibleError: (409, "inexpressible"),
    ConflictError: (409, "conflict"),
    StoreUnavailableError: (503, "store_unavailable"),
    UsernameTakenError: (400, "invalid"),
}

_HEADERS: dict[type[TrunklineError], tuple[tuple[bytes, bytes], ...]] = {
    NotAuthenticatedError: ((b"www-authenticate", b'Bearer realm="Trunkline"'),),
    StoreUnavailableError: ((b"retry-after", b"1"),),
}


def refuse(error: TrunklineError | HttpError, _ask: Ask) -> Answer:
    """Return the answer to a request that ended in ``error``."""
    if isinstance(error, HttpError):
        return _problem(error.status, error.message, (), error.headers)
    status, code = TABLE[type(error)]
    detail = f"{error.message}. {error.advice}" if error.advice else error.message
    entry = views.ErrorView(path=error.field or "", message=detail, code=code)
    return _problem(status, detail, (entry,), _HEADERS.get(type(error), ()))


def _problem(
    status: int, detail: str, errors: tuple[views.ErrorView, ...], headers: tuple[tuple[bytes, bytes], ...]
) -> Answer:
    view = views.ProblemView(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return Answer(status, views.encode(view), headers, PROBLEM)
