"""Settings of a number beside what routes its calls: papers, addresses, emergency calling, what answers messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from trunkline.core.errors import ConflictError, MissingError, NotFoundError
from trunkline.core.model import EVERYTHING, Actor

if TYPE_CHECKING:
    from trunkline.core.ports import Store


class EmergencyState(StrEnum):
    """How far the registration of a number's emergency address has come; the operator moves what is pending."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    PENDING = "pending-registration"
    FAILED = "registration-failure"
    LEAVING = "pending-unregistration"
    STUCK = "unregistration-failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSettings:
    """Settings of one number. ``emergency`` tells whether its owner wants emergency calls by it.

    ``emergency_at`` is when its owner last asked for a registration or for its end, None where that never was.
    """

    document_version: str = "2010-04-01"
    receive_mode: str = "voice"
    message_application_id: str | None = None
    emergency: bool = False
    emergency_state: EmergencyState = EmergencyState.UNREGISTERED
    emergency_address_id: str | None = None
    emergency_at: datetime | None = None
    address_id: str | None = None
    identity_id: str | None = None
    bundle_id: str | None = None


DEFAULTS = NumberSettings()
_SETTLED = {
    EmergencyState.PENDING: (EmergencyState.REGISTERED, EmergencyState.FAILED),
    EmergencyState.LEAVING: (EmergencyState.UNREGISTERED, EmergencyState.STUCK),
}
"""What becomes of a pending state: when the operator confirms it, and when not."""
WAITING = tuple(_SETTLED)
"""The states that wait for the operator."""
_REGISTERED = (EmergencyState.REGISTERED, EmergencyState.PENDING, EmergencyState.STUCK)


class NumberSettingsStore(Protocol):
    """Settings of numbers."""

    def find(self, number_ids: list[str]) -> dict[str, NumberSettings]:
        """Return the settings of those of these numbers that have any."""
        ...

    def put(self, number_id: str, settings: NumberSettings) -> None:
        """Write a number's settings."""
        ...

    def drop(self, number_id: str) -> None:
        """Forget a number's settings."""
        ...

    def unlink(self, application_id: str) -> None:
        """Take an application that answers messages from all numbers."""
        ...


def of(store: Store, number_id: str) -> NumberSettings:
    """Return a number's settings, the defaults where it has none."""
    return store.number_settings.find([number_id]).get(number_id, DEFAULTS)


def with_emergency(
    settings: NumberSettings, *, wanted: bool | None, address_id: str | None, now: datetime
) -> NumberSettings:
    """Return settings after a change of emergency calling: None leaves as it is, an empty address clears it.

    Emergency calling needs an address (`MissingError`); a new one is registered anew.
    """
    address = settings.emergency_address_id if address_id is None else address_id or None
    active = settings.emergency if wanted is None else wanted
    if active and address is None:
        raise MissingError("emergency calling needs an emergency address", field="emergency")
    state = settings.emergency_state
    if active and (not settings.emergency or address != settings.emergency_address_id):
        state = EmergencyState.PENDING
    elif settings.emergency and not active:
        state = EmergencyState.LEAVING if state in _REGISTERED else EmergencyState.UNREGISTERED
    same = (state, address) == (settings.emergency_state, settings.emergency_address_id)
    at = now if state in WAITING and not same else settings.emergency_at
    return replace(settings, emergency=active, emergency_address_id=address, emergency_state=state, emergency_at=at)


def settle_emergency(
    store: Store, actor: Actor, digits: str, *, confirmed: bool, seen: str | None = None
) -> EmergencyState:
    """Confirm or fail what waits of a number's emergency registration: the operator's word. Returns the new state.

    ``seen`` is the address that was registered; `ConflictError` where its owner has named another one meanwhile.
    """
    number = store.numbers.get(EVERYTHING, digits)
    if number is None:
        raise NotFoundError("not found")
    settings = of(store, number.id)
    if settings.emergency_state not in _SETTLED:
        raise ConflictError(f"nothing waits for {digits}: its emergency address is {settings.emergency_state.value}")
    if seen is not None and seen != settings.emergency_address_id:
        raise ConflictError(
            f"the emergency address of {digits} is {settings.emergency_address_id or 'none'}, not {seen}",
            advice=f"Look at it: trunkline numbers emergency {digits}",
        )
    state = _SETTLED[settings.emergency_state][0 if confirmed else 1]
    store.number_settings.put(number.id, replace(settings, emergency_state=state))
    store.log.append(actor, number.owner.id, "update", "number", digits, emergency=state.value)
    return state
