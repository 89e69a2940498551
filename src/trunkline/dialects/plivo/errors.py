"""The table from errors to Plivo's wire: HTTP status and the text beside ``error``.

Statuses: https://plivo.com/docs/numbers/api/response. The body is ``{"api_id", "error"}``; on lists it has an empty
``objects`` too, without which plivo-python fails on the answer instead of raising its own exception. An error's body is
never empty: plivo-go takes an empty one for success.
"""

from __future__ import annotations

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
from trunkline.dialects.plivo import views
from trunkline.dialects.plivo.arguments import ARGUMENTS

TABLE: dict[type[TrunklineError], int] = {
    TrunklineError: 400,
    InvalidError: 400,
    MissingError: 400,
    IncompleteError: 422,
    NotAvailableYetError: 400,
    UnknownReferenceError: 400,
    NotFoundError: 404,
    NotAuthenticatedError: 401,
    NotAllowedError: 403,
    NumberTakenError: 400,
    CarrierInUseError: 400,
    InexpressibleError: 400,
    ConflictError: 400,
    StoreUnavailableError: 503,
    UsernameTakenError: 400,
}

_HEADERS: dict[type[TrunklineError], tuple[tuple[bytes, bytes], ...]] = {
    NotAuthenticatedError: ((b"www-authenticate", b'Basic realm="Trunkline", charset="UTF-8"'),),
    StoreUnavailableError: ((b"retry-after", b"1"),),
}

_ARGUMENTS = {
    "target": "app_id",
    "account": "subaccount",
    "address": "ip_set",
    "uris": "primary_uri_uuid",
    "fallback": "fallback_uri_uuid",
    "access": "ipacl_uuid or credential_uuid",
}
"""The model's words for what this dialect calls otherwise, where the operation has no argument of that name."""


def refuse(error: TrunklineError | HttpError, ask: Ask) -> Answer:
    """Return the answer to a request that ended in ``error``."""
    is_list = ask.operation is not None and ask.operation.is_list
    if isinstance(error, HttpError):
        return Answer(error.status, views.error(error.message, is_list=is_list), error.headers)
    kind = type(error)
    return Answer(TABLE[kind], views.error(_text(error, ask), is_list=is_list), _HEADERS.get(kind, ()))


def _text(error: TrunklineError, ask: Ask) -> str:
    text = f"{error.message}. {error.advice}" if error.advice else error.message
    own = ARGUMENTS.get(ask.operation.handler.__name__, ()) if ask.operation is not None else ()
    field = error.field or ""
    argument = field if field in own else _ARGUMENTS.get(field, field)
    return f"{argument}: {text}" if isinstance(error, InvalidError) and argument not in error.message else text
