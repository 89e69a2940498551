"""A dialect served as an ASGI application: find the operation, know the caller, bound the body, answer in its words."""

from __future__ import annotations

import asyncio
import logging
from math import ceil

from starlette.types import Receive, Scope, Send

from trunkline.core.errors import TrunklineError
from trunkline.dialects.http import (
    MAX_BODY,
    MAX_LARGE,
    MAX_QUERY,
    UPLOAD_S,
    Answer,
    Ask,
    ClientGoneError,
    Dialect,
    HttpError,
    Operation,
    Platform,
    is_declared_small,
    read_body,
)
from trunkline.dialects.limits import RateLimit
from trunkline.store.turns import ASKING

log = logging.getLogger(__name__)

_BODILESS = frozenset({"GET", "HEAD"})


class _Node:
    """One segment of the paths: what may follow literally, what may stand for a value, what may be done here."""

    __slots__ = ("literal", "name", "operations", "value")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.value: _Node | None = None
        self.name = ""
        self.operations: dict[str, Operation] = {}


class Routes:
    """Operations by path and method. Literal segments win over values; case matters; trailing slashes do not.

    SDKs leave them out, and some write two.
    """

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._root = _Node()
        for operation in operations:
            node = self._root
            for segment in operation.path.split("/")[1:]:
                node = self._step(node, segment)
            node.operations[operation.method] = operation

    def _step(self, node: _Node, segment: str) -> _Node:
        if not segment.startswith("{"):
            return node.literal.setdefault(segment, _Node())
        if node.value is None:
            node.value = _Node()
        node.value.name = segment[1:-1]
        return node.value

    def find(self, path: str) -> tuple[dict[str, Operation], dict[str, str]]:
        """Return what may be done at a path, by method (nothing: no such path), and the path's values."""
        node, params = self._root, dict[str, str]()
        for segment in path.rstrip("/").split("/")[1:]:
            following = node.literal.get(segment)
            if following is None:
                following = node.value
                if following is None or not segment:
                    return {}, {}
                params[following.name] = segment
            node = following
        return node.operations, params


class Door:
    """ASGI application of one dialect."""

    def __init__(self, dialect: Dialect, platform: Platform, limit: RateLimit | None = None) -> None:
        self._dialect = dialect
        self._limit = limit if dialect.rate_limited else None
        self._platform = platform
        self._routes = Routes(dialect.operations)
        self._large = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        ask = Ask(self._platform, scope["method"], scope["path"], scope["query_string"], scope["headers"])
        ask.scheme = scope.get("scheme", "http")
        try:
            answer = await self._answer(ask, receive)
        except ClientGoneError:
            return
        except (TrunklineError, HttpError) as error:
            answer = self._dialect.refuse(error, ask)
        except Exception:
            log.exception("%s %s failed", ask.method, ask.path)
            answer = self._dialect.refuse(HttpError(500, "internal error"), ask)
        await answer.send(send)

    async def _answer(self, ask: Ask, receive: Receive) -> Answer:
        ask.suffix = next((suffix for suffix in self._dialect.suffixes if ask.path.endswith(suffix)), "")
        operations, ask.params = self._routes.find(ask.path.removesuffix(ask.suffix))
        if not operations:
            raise HttpError(404, "not found")
        operation = operations.get("GET" if ask.method == "HEAD" else ask.method)
        if operation is None:
            allowed = ", ".join(sorted(operations)).encode()
            raise HttpError(405, f"{ask.method} is not allowed here", ((b"allow", allowed),))
        ask.operation = operation
        if not operation.public:
            ask.caller = self._dialect.authenticate(ask)
            ASKING.set(ask.caller.account.id)
            self._count(ask.caller.account.id)
            if self._dialect.admit is not None:
                self._dialect.admit(ask)
        if len(ask.query_string) > MAX_QUERY:
            raise HttpError(414, f"the query is longer than {MAX_QUERY} bytes")
        if ask.method in _BODILESS:
            return await operation.handler(ask)
        if operation.max_body > MAX_BODY and not is_declared_small(ask):
            return await self._answer_large(ask, operation, receive)
        ask.body = await read_body(ask, receive)
        return await operation.handler(ask)

    def _count(self, account_id: str) -> None:
        wait = self._limit.wait(account_id) if self._limit is not None else 0.0
        if wait:
            retry_after = b"%d" % ceil(wait)
            raise HttpError(
                429, f"too many requests: try again in {ceil(wait)} s, and send fewer", ((b"retry-after", retry_after),)
            )

    async def _answer_large(self, ask: Ask, operation: Operation, receive: Receive) -> Answer:
        """Answer an upload; few of them are in memory at once, and none for longer than `UPLOAD_S` on its way in."""
        if self._large >= MAX_LARGE:
            raise HttpError(503, "too many uploads are under way; try again", ((b"retry-after", b"2"),))
        self._large += 1
        try:
            try:
                async with asyncio.timeout(UPLOAD_S):
                    ask.body = await read_body(ask, receive)
            except TimeoutError:
                raise HttpError(408, f"the request body did not arrive within {UPLOAD_S:g} s") from None
            return await operation.handler(ask)
        finally:
            self._large -= 1
