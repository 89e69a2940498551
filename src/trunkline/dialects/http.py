"""What the dialects share of HTTP: one request, one answer, the table of operations, and the limits before any parsing.

A dialect is a value, `Dialect`: where it lives, its operations, who is asking, and how it words an error. `Door` serves
it as an ASGI application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.types import Receive, Send

from trunkline.core.errors import InvalidError, TrunklineError
from trunkline.core.gateways import GatewayStates
from trunkline.core.model import Account, Actor, Credential, Scope
from trunkline.core.ports import Explainer
from trunkline.store.bindings import BindingReader
from trunkline.store.calls import CallReader
from trunkline.store.inventory import Inventory

MAX_BODY = 1 << 20
MAX_LARGE = 4
"""Requests with a body above `MAX_BODY` that are held in memory at once; a further one is told to come again."""
UPLOAD_S = 60.0
"""How long such a body may take to arrive, so that slow ones do not keep the others out."""
MAX_QUERY = 8192
MAX_FIELDS = 100
"""Arguments of one request; no documented call has half as many."""

JSON = b"application/json"


class HttpError(Exception):
    """What is wrong with a request before any use case: no such path or method, too large; or our own fault (500)."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class ClientGoneError(Exception):
    """The client left before it had sent its request; nobody is there to answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. A body that is empty has no content type."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = JSON

    async def send(self, send: Send) -> None:
        """Send it as ASGI wants it."""
        headers = list(self.headers)
        if self.status != 204:
            headers.append((b"content-length", b"%d" % len(self.body)))
            headers.append((b"content-type", self.content_type))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class Platform:
    """What the handlers work on."""

    inventory: Inventory
    calls: CallReader
    explainer: Explainer
    bindings: BindingReader
    gateways: GatewayStates


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the account, what it may see, and the name under which the change log knows it.

    ``credential`` is the API key, None where it was no such key that opened.
    """

    account: Account
    scope: Scope
    actor: Actor
    credential: Credential | None = None


@dataclass(slots=True)
class Ask:
    """One request. ``params`` are the path's values, decoded; ``caller`` is set once it is known who asks.

    ``suffix`` is what the path ended with, of the dialect's `Dialect.suffixes`; ``began`` is read from `perf_counter`.
    """

    platform: Platform
    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    params: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    operation: Operation | None = None
    caller: Caller = field(init=False)
    suffix: str = ""
    began: float = field(default_factory=perf_counter)
    scheme: str = "http"

    def header(self, name: bytes) -> str:
        """Return a header's first value, empty where there is none; ``name`` in lower case."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def bearer(self) -> str:
        """Return the bearer token, empty where there is none."""
        scheme, _, token = self.header(b"authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def query(self) -> dict[str, str]:
        """Return the query's arguments; the last of equal names counts."""
        return decode_fields(self.query_string.decode("latin-1"))


Handler: TypeAlias = Callable[[Ask], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a route table: a method on a path like ``/v1/Account/{auth_id}/Number``, without trailing slash.

    ``max_body`` is in bytes; those above `MAX_BODY` are few at once (`MAX_LARGE`).
    """

    method: str
    path: str
    handler: Handler
    is_list: bool = False
    public: bool = False
    max_body: int = MAX_BODY


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect: everything under ``prefix``.

    ``authenticate`` returns who asks or raises `NotAuthenticatedError`; ``refuse`` words a `TrunklineError` or an
    `HttpError` for this dialect's clients. ``rate_limited``: the vendor documents a limit on an account's requests.
    ``describe`` makes the dialect's OpenAPI document, None where it serves one itself. ``admit`` refuses a known caller
    before the request's body is read. ``suffixes`` may follow any path and say how the answer is written (``.json``).
    """

    name: str
    prefix: str
    operations: tuple[Operation, ...]
    authenticate: Callable[[Ask], Caller]
    refuse: Callable[[TrunklineError | HttpError, Ask], Answer]
    rate_limited: bool = False
    describe: Callable[[tuple[Operation, ...]], bytes] | None = None
    admit: Callable[[Ask], None] | None = None
    suffixes: tuple[str, ...] = ()


def decode_fields(text: str) -> dict[str, str]:
    """Return the arguments of a query or a form (UTF-8, bad bytes replaced); the last of equal names counts."""
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise InvalidError(f"more than {MAX_FIELDS} arguments") from None


def is_declared_small(ask: Ask) -> bool:
    """Tell whether a request says that its body is within `MAX_BODY`; the server holds it to that."""
    declared = ask.header(b"content-length")
    return declared.isdigit() and len(declared) <= 9 and int(declared) <= MAX_BODY


async def read_body(ask: Ask, receive: Receive) -> bytes:
    """Return the request's body; `HttpError` 413 above the operation's bound, as soon as that is known."""
    most = ask.operation.max_body if ask.operation else MAX_BODY
    declared = ask.header(b"content-length")
    if declared.isdigit() and (len(declared) > 9 or int(declared) > most):
        raise _too_large(most)
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most: int) -> HttpError:
    return HttpError(413, f"the request body is larger than {most} bytes")
