"""A line of the native API's route table: what is served and what is documented, from one value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec import Struct

from trunkline.dialects.http import Answer, Ask, Operation
from trunkline.dialects.native import requests, views
from trunkline.dialects.native.auth import ACCOUNT_ARGUMENT


@dataclass(frozen=True, slots=True)
class Row:
    """One operation and what its documentation says: the argument that its handler takes, and what it gives.

    ``text`` is the media type of what it gives instead of JSON, when asked to, ``file`` that of the bytes that it gives
    always; the handler makes such an `Answer` itself.
    """

    method: str
    path: str
    handler: Callable[..., Awaitable[Struct | Answer | None]]
    status: int = 200
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    gives: type[Struct] | None = None
    text: str | None = None
    file: str | None = None

    def operation(self, prefix: str) -> Operation:
        """Return it as the door serves it."""

        async def handle(ask: Ask) -> Answer:
            shown = await self.handler(ask, *self._argument(ask))
            if isinstance(shown, Answer):
                return shown
            return Answer(self.status, views.encode(shown) if shown is not None else b"")

        return Operation(self.method, prefix + self.path, handle)

    def _argument(self, ask: Ask) -> tuple[Struct, ...]:
        if self.body is not None:
            return (requests.body(ask.body, self.body),)
        if self.query is not None:
            args = {name: value for name, value in ask.query().items() if name != ACCOUNT_ARGUMENT}
            return (requests.query(args, self.query),)
        return ()
