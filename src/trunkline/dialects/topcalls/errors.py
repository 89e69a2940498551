"""The table from errors to TopCalls' wire: problem details (RFC 9457), as the vendor documents them."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple
from uuid import uuid4

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
from trunkline.dialects.topcalls import views
from trunkline.dialects.topcalls.problems import Problem, RefusedError

PROBLEM = b"application/problem+json"


class Row(NamedTuple):
    """How an error is answered; ``code`` is that of its one entry in ``errors``, "" where it has none."""

    status: int
    slug: str
    title: str
    code: str = ""


_BODY = (400, "invalid_request", "Invalid request body")

TABLE: dict[type[TrunklineError], Row] = {
    TrunklineError: Row(*_BODY),
    InvalidError: Row(*_BODY, "invalid"),
    MissingError: Row(*_BODY, "required"),
    IncompleteError: Row(*_BODY, "required"),
    NotAvailableYetError: Row(*_BODY, "not_available_yet"),
    UnknownReferenceError: Row(*_BODY, "not_found"),
    NotFoundError: Row(404, "not_found", "Not Found"),
    NotAuthenticatedError: Row(401, "unauthorized", "Unauthorized"),
    NotAllowedError: Row(403, "forbidden", "Insufficient scope"),
    NumberTakenError: Row(409, "number_already_exists", "Phone number already exists"),
    CarrierInUseError: Row(409, "carrier_in_use", "Carrier has active phone numbers"),
    InexpressibleError: Row(409, "inexpressible", "Not possible in this API"),
    ConflictError: Row(409, "conflict", "Conflict"),
    StoreUnavailableError: Row(503, "unavailable", "Service Unavailable"),
    UsernameTakenError: Row(409, "inbound_auth_username_taken", "SIP user name is taken"),
}

_HEADERS: dict[type[TrunklineError], tuple[tuple[bytes, bytes], ...]] = {
    NotAuthenticatedError: ((b"www-authenticate", b'Bearer realm="Trunkline"'),),
    StoreUnavailableError: ((b"retry-after", b"1"),),
}

_FIELDS = {"carrier": "voip_carrier_sid", "numbers": "number", "name": "carrier_name", "address": "sip_gateway.ipv4"}
_FIELDS |= {"alias": "label", "gateways": "sip_gateways", "port": "sip_gateway.port"}
"""The model's words for what this dialect calls otherwise."""
_CODES = {"carrier": "carrier_not_found", "address": "address_not_allowed"}

_SLUGS = {404: "not_found", 405: "method_not_allowed", 408: "request_timeout", 413: "payload_too_large"}
_SLUGS |= {414: "uri_too_long", 429: "rate_limited", 500: "internal_error", 503: "unavailable"}


def refuse(error: TrunklineError | HttpError, ask: Ask) -> Answer:
    """Return the answer to a request that ended in ``error``."""
    if isinstance(error, RefusedError):
        return _answer(Row(error.status, error.slug, error.title), error.message, error.problems, error.headers)
    if isinstance(error, HttpError):
        row = Row(error.status, _SLUGS[error.status], HTTPStatus(error.status).phrase)
        return _answer(row, error.message, (), error.headers)
    kind = type(error)
    row, detail = TABLE[kind], f"{error.message}. {error.advice}" if error.advice else error.message
    if isinstance(error, NumberTakenError):
        row = row if error.own else row._replace(slug="number_conflict")
        detail = f"{', '.join(f'+{number}' for number in error.numbers)} exists already"
    if isinstance(error, NotFoundError):
        thing = "Carrier" if "carrier_id" in ask.params else "Phone number"
        row, detail = row._replace(title=f"{thing} not found"), f"{thing} not found"
    details = str(error.count) if isinstance(error, CarrierInUseError) else ""
    return _answer(row, detail, _entries(row, error, detail), _HEADERS.get(kind, ()), details)


def _entries(row: Row, error: TrunklineError, detail: str) -> tuple[Problem, ...]:
    if not row.code:
        return ()
    field = error.field or ""
    return (Problem(_FIELDS.get(field, field), detail, _CODES.get(field, row.code)),)


def _answer(
    row: Row,
    detail: str,
    problems: tuple[Problem, ...],
    headers: tuple[tuple[bytes, bytes], ...],
    details: str = "",
) -> Answer:
    instance = str(uuid4())
    told = views.Refusal(row.status, row.slug, row.title, detail, instance, problems, details)
    return Answer(row.status, views.problem(told), (*headers, (b"x-request-id", instance.encode())), PROBLEM)
