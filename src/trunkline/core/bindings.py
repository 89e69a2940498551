"""Bindings: where a SIP user who has registered is reached (RFC 3261 section 10), and the port to who keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MAX_CONTACTS = 10
"""Contacts of one endpoint at once."""

MAX_OF_ACCOUNT = 20_000
"""Bindings of one account's endpoints."""

MAX_BINDINGS = 100_000
"""Bindings of the installation."""


class Flow(NamedTuple):
    """The way that a REGISTER came: transport ("UDP", "TCP"), source address and port, our listener as HOST:PORT.

    ``worker`` is the edge process that has its connection, "" for who asks; datagrams have none.
    """

    transport: str
    host: str
    port: int
    door: str
    worker: str = ""


class Login(NamedTuple):
    """An endpoint as the registrar knows it. ``active`` counts its account and those above."""

    id: str
    endpoint_id: str
    account_id: str
    username: str
    password: str
    active: bool


class Binding(NamedTuple):
    """One Contact of an endpoint. Times are seconds of the wall clock; ``q`` is in thousandths.

    It belongs to the login that registered it, so that a new password ends it.
    """

    login_id: str
    account_id: str
    contact: str
    call_id: str
    cseq: int
    q: int
    expires_at: float
    registered_at: float
    user_agent: str
    flow: Flow


class BindingsFullError(Exception):
    """One more binding would pass a bound; the message says which."""


class Bindings(Protocol):
    """Keeps bindings for every edge process of the machine.

    Raises `StoreUnavailableError` where it cannot read or write.
    """

    def find(self, login_id: str, now: float) -> list[Binding]:
        """Return the bindings of a login that have not expired, oldest first."""
        ...

    def put(self, added: Sequence[Binding], removed: Sequence[Binding]) -> None:
        """Write bindings, replacing those of the same login and Contact, and remove others: all of it, or nothing.

        Raises `BindingsFullError`.
        """
        ...

    def lose(self, flow: Flow) -> None:
        """Remove the bindings of a connection that is gone."""
        ...

    def expire(self, now: float) -> None:
        """Remove what has expired."""
        ...
