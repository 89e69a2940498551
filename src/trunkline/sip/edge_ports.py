"""What the edge needs from outside: the facts that decisions are made on, and where records go."""

from __future__ import annotations

from typing import Any, Protocol

from trunkline.core.bindings import Login
from trunkline.core.facts import Attempt, EmergencyFact, Facts, SipUser, Usage
from trunkline.core.outbound_auth import OutboundAuth
from trunkline.core.records import CallMessages, CallRecord, UnclaimedCall


class FactSource(Protocol):
    """The look-ups that the edge needs; `store.facts.FactReader` is one."""

    def read(self, attempt: Attempt, usage: Usage) -> Facts:
        """Return the facts for an attempt."""
        ...

    def outbound_gateways(self, account_id: str) -> list[Any]:
        """Return the account's outbound gateways."""
        ...

    def emergency_gateways(self, account_id: str) -> list[Any]:
        """Return those by which the account may call emergency numbers."""
        ...

    def emergency(self, account_id: str, caller: str) -> EmergencyFact | None:
        """Return what is known of a number that calls an emergency number."""
        ...

    def may_show(self, account_id: str, e164: str) -> bool:
        """Tell whether the account may show this number."""
        ...

    def registered_name(self, e164: str) -> str | None:
        """Return the caller name that is registered for a number."""
        ...

    def outbound_auth(self, carrier_id: str) -> OutboundAuth | None:
        """Return with what we answer a carrier's challenge. Raises `StoreUnavailableError`."""
        ...

    def origination_auth(self, uri_id: str) -> OutboundAuth | None:
        """Return with what we answer the challenge of a trunk's target. Raises `StoreUnavailableError`."""
        ...

    def sip_users(self, username: str, account_code: str | None, trunk: str, /) -> list[SipUser]:
        """Return the users of carriers and outbound trunks that have this name. Raises `StoreUnavailableError`."""
        ...

    def endpoint_login(self, username: str) -> Login | None:
        """Return what an endpoint's user name and password open. Raises `StoreUnavailableError`."""
        ...

    def endpoint_in(self, account_id: str, username: str) -> str | None:
        """Return the login of an endpoint that the account may call."""
        ...


class Journal(Protocol):
    """Where records go; `store.calls.CallJournal` is one."""

    def put(self, record: CallRecord | UnclaimedCall | CallMessages) -> None:
        """Take a record."""
        ...
