"""What becomes known of gateways while calls run: the addresses of those that are host names, and who answers OPTIONS.

The edge finds it out and keeps it in a file of its own; the inventory never changes by it. A name admits exactly the
addresses of its last good answer: one that was never answered, or whose owner says that it has none, admits nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from trunkline.core import sources
from trunkline.core.model import Gateway, Transport
from trunkline.core.ports import Rules

MAX_ADDRESSES = 32
"""Addresses that one name may admit; a name that leads to more admits nobody."""

LAST_GOOD_S = 86_400.0
"""How long after it came an answer of the DNS may serve while newer ones fail to come."""

MAX_CHANGES = 20
"""Changes of one name's addresses that are remembered; the oldest make room."""

DOWN_AFTER = 3
"""Questions in a row without a sign of life after which a gateway is down; one sign makes it up again."""

MAX_SAID = 200
"""Characters of a reason that are kept."""


class HostName(NamedTuple):
    """A name as gateways give it: port and transport decide what the DNS is asked (RFC 3263), so they belong to it."""

    host: str
    port: int | None
    transport: Transport | None

    @property
    def key(self) -> str:
        """The key under which gateways that admit calls by this name are found; no network's key is like it."""
        return f"name:{self.host}|{self.port or ''}|{self.transport or ''}"

    @property
    def written(self) -> str:
        """The name as people write it."""
        port = f":{self.port}" if self.port is not None else ""
        return f"{self.host}{port}{f';transport={self.transport}' if self.transport else ''}"


def name_of(gateway: Gateway) -> HostName | None:
    """Return the name that a gateway is; None for an address."""
    return HostName(gateway.host, gateway.port, gateway.transport) if gateway.prefix is None else None


class Resolution(NamedTuple):
    """What a name leads to.

    ``addresses`` are those that it admits, in canonical text; ``good_at`` (seconds since 1970, 0: never) is when the
    DNS last said so, ``checked_at`` when it was last asked. ``problem`` says what is wrong with it now, "" nothing;
    ``refused`` says of each address that it must not admit why.
    """

    name: HostName
    addresses: tuple[str, ...] = ()
    good_at: float = 0.0
    checked_at: float = 0.0
    problem: str = ""
    refused: tuple[str, ...] = ()


class AddressChange(NamedTuple):
    """A name's addresses as they became at a time (seconds since 1970)."""

    at: float
    addresses: tuple[str, ...]


class Condition(StrEnum):
    """Whether a gateway answers."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Health(NamedTuple):
    """What came of asking a gateway whether it lives; times are seconds since 1970, 0 for never.

    ``since`` is when it came into its condition, ``misses`` how many questions in a row it has missed, ``said`` its
    last answer, or why there is none; ``way`` is where it was asked: another way is another gateway.
    """

    gateway_id: str
    condition: Condition = Condition.UNKNOWN
    since: float = 0.0
    asked_at: float = 0.0
    misses: int = 0
    said: str = ""
    way: str = ""


def way_of(gateway: Gateway) -> str:
    """Return where a gateway is asked, as people write it."""
    return HostName(gateway.host, gateway.port, gateway.transport).written


def is_sign_of_life(status: int) -> bool:
    """Tell whether a final answer to OPTIONS shows a gateway that works: any but 408 and 5xx, 401 and 405 included."""
    return status >= 200 and status != 408 and not 500 <= status < 600


def heard(health: Health, alive: bool, said: str, now: float) -> Health:
    """Return what is known of a gateway after one more question."""
    misses = 0 if alive else health.misses + 1
    condition = health.condition
    if alive:
        condition = Condition.UP
    elif misses >= DOWN_AFTER:
        condition = Condition.DOWN
    since = now if condition is not health.condition else health.since
    return Health(health.gateway_id, condition, since, now, misses, said[:MAX_SAID], health.way)


def admitted(found: Iterable[str], rules: Rules) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of the addresses that a name leads to it admits, sorted, and why it does not admit each other.

    What an inbound gateway could not name a name cannot bring in either: reserved addresses, loopback outside lab
    mode, our own. With more than `MAX_ADDRESSES` it admits none.
    """
    good: dict[str, None] = {}
    refused: dict[str, None] = {}
    for text in found:
        why = sources.refusal(text, rules)
        if why is None:
            good[text] = None
        else:
            refused[f"{text} {why}"] = None
    if len(good) + len(refused) > MAX_ADDRESSES:
        return (), (f"it leads to more than {MAX_ADDRESSES} addresses, and so admits none of them",)
    return tuple(sorted(good)), tuple(refused)


class NamedSources(Protocol):
    """Who knows which names an address belongs to; ``version`` changes whenever any of them does."""

    @property
    def version(self) -> int:
        """Count the changes."""
        ...

    def names_at(self, address: str) -> tuple[HostName, ...]:
        """Return the names that an address is admitted by."""
        ...


class GatewayStatus(NamedTuple):
    """What is known of one gateway: of its name where it is one, its health where it is asked."""

    resolution: Resolution | None
    changes: tuple[AddressChange, ...]
    health: Health | None


class GatewayStates(Protocol):
    """What the edge has written down of gateways, as others read it."""

    def of(self, gateways: Iterable[Gateway]) -> Mapping[str, GatewayStatus]:
        """Return what is known of these gateways, by their ids. Raises `StoreUnavailableError`."""
        ...
