"""Facts: what the inventory knows that matters for one call attempt, and the attempt itself.

NamedTuples, since they are made for every call: `store/facts.py` reads them, `core/routing.py` decides on them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

from trunkline.core.model import CalledIn, CallHooks, CarrierKind, NumberProfile, NumberStatus
from trunkline.core.number_settings import EmergencyState


class Proof(StrEnum):
    """What an attempt's digest credentials came to, before anything was decided."""

    NONE = "none"
    STALE = "stale"
    WRONG = "wrong"
    UNCHECKED = "unchecked"
    GOOD = "good"


class Called(Protocol):
    """The user parts of an INVITE's places, read when asked for; a dict will do."""

    def get(self, place: CalledIn, default: str, /) -> str:
        """Return what stands in ``place``, ``default`` where nothing does."""
        ...


class Attempt(NamedTuple):
    """An INVITE with what the socket knows of it; ``source`` is the canonical text of its address."""

    source: str
    called: Called
    caller: str = ""
    proof: Proof = Proof.NONE
    proven_carriers: tuple[str, ...] = ()
    proven_endpoint: str = ""
    """The id of the endpoint whose credentials the attempt carries, "" for carriers and strangers."""
    registration: str = ""
    """What our registrations say of the attempt, "" nothing; see `core.registered.recognise`."""
    note: str = ""
    """What the trace is to say of credentials that are not good."""
    trunk: str = ""
    """The serial of the trunk whose domain the Request-URI names, "" where it names none."""
    proven_logins: tuple[str, ...] = ()
    """The trunk logins whose credentials the attempt carries."""
    callers: Callable[[], tuple[str, ...]] = tuple
    """Returns the user parts of who the attempt says is calling, the likeliest first; read when asked for."""


class SipUser(NamedTuple):
    """Whoever has a SIP user name: the credential's id, its password, and whose it is: a carrier's, an endpoint's, or
    that of outbound trunks with this login.
    """

    login_id: str
    password: str
    carrier_id: str = ""
    endpoint_id: str = ""
    trunk_login_id: str = ""


class CarrierFact(NamedTuple):
    """A carrier as routing sees it; ``account_active`` counts the accounts above, too."""

    id: str
    name: str
    kind: CarrierKind
    active: bool
    account_id: str
    account_active: bool
    profile: NumberProfile
    max_channels: int | None
    max_cps: int | None


class SourceFact(NamedTuple):
    """A carrier one of whose inbound gateways covers the attempt's source."""

    carrier: CarrierFact
    gateway_id: str
    prefix: int
    host: str | None = None
    """The host name whose address the source is, where it is the gateway."""


class TrunkTarget(NamedTuple):
    """A trunk's URIs as (uri, priority, weight), active ones only.

    ``proofs`` names, as (uri, its id), those whose challenges are answered. ``recovery`` answers a call that none of
    the URIs can take, None where nobody does; a trunk that has it may be without any URI.
    """

    trunk_id: str
    name: str
    uris: tuple[tuple[str, int, int], ...]
    proofs: tuple[tuple[str, str], ...] = ()
    recovery: ApplicationTarget | None = None


class GatewaysTarget(NamedTuple):
    """The outbound gateways of an account and those above it, which take a call that an outbound trunk's PBX places.

    ``name`` is the trunk's; ``caller`` the number that is shown, without ``+``. ``emergency_address_id`` is set on a
    call to an emergency number, which takes the gateways marked for that.
    """

    trunk_id: str
    name: str
    caller: str
    emergency_address_id: str | None = None


class ApplicationTarget(NamedTuple):
    """An application (or a number's inline hook, or what answers in a trunk's place): its dialect and where it asks.

    ``caller_names``: it hears who calls by name, whatever the number says. ``of_trunk``: it answers for a trunk.
    """

    application_id: str
    name: str
    dialect: str
    hooks: CallHooks
    caller_names: bool = False
    of_trunk: bool = False


Target = TrunkTarget | ApplicationTarget | GatewaysTarget


class NumberFact(NamedTuple):
    """A live number: its owner's state and limits, who may deliver it, what it points at (the first that is usable)."""

    id: str
    e164: str
    account_id: str
    status: NumberStatus
    account_active: bool
    max_channels: int | None
    max_cps: int | None
    carriers: tuple[CarrierFact, ...]
    target: Target | None
    target_note: str
    cnam_lookup: bool | None = None
    """Whether its application hears of callers' names; None for a number that has no such switch."""


class EndpointFact(NamedTuple):
    """An endpoint that calls: its owner's state and limits, and the application that answers it."""

    id: str
    username: str
    account_id: str
    account_active: bool
    max_channels: int | None
    max_cps: int | None
    target: Target | None
    target_note: str


class EmergencyFact(NamedTuple):
    """A number that calls an emergency number: whether its owner wants such calls, how far its address is registered,
    and whether an outbound gateway that may take them (of the calling account, or of one above it) can be sent to.
    """

    active: bool
    state: EmergencyState
    address_id: str | None
    has_gateway: bool


class OutboundTrunkFact(NamedTuple):
    """An outbound trunk that an attempt may belong to: it names it, comes from its networks, or carries its login.

    ``listed`` tells whether any of the trunk's IP lists covers the source, None where it has no list. ``logins`` are
    those of the attempt's proven ones that the trunk takes, None where it asks for no login. ``caller`` is the first of
    the attempt's callers that is a live number in the scope of the trunk's account, "" where none is. ``emergency`` is
    that number's where an emergency number is dialled, else None.
    """

    id: str
    name: str
    account_id: str
    account_active: bool
    active: bool
    max_channels: int | None
    max_cps: int | None
    listed: bool | None
    logins: tuple[str, ...] | None
    caller: str
    emergency: EmergencyFact | None = None


class Usage(Protocol):
    """What calls take of the limits right now; keys are ``account:<id>`` and ``carrier:<id>``."""

    def channels(self, key: str) -> int:
        """Calls in progress."""
        ...

    def started(self, key: str) -> int:
        """Calls that began in the last second."""
        ...


class NoUsage:
    """Nothing in use: what a decision without a running edge sees."""

    def channels(self, key: str) -> int:  # noqa: ARG002 -- the port's signature
        """Return 0."""
        return 0

    def started(self, key: str) -> int:  # noqa: ARG002 -- the port's signature
        """Return 0."""
        return 0


class Facts(NamedTuple):
    """All that `decide` looks at besides the attempt. ``readable`` False: the store could not be read."""

    sources: tuple[SourceFact, ...] = ()
    numbers: tuple[NumberFact, ...] = ()
    auth_carriers_exist: bool = False
    usage: Usage = NoUsage()
    readable: bool = True
    endpoint: EndpointFact | None = None
    trunks: tuple[OutboundTrunkFact, ...] = ()
    """Looked for only where no carrier is at the source, or the attempt names a trunk or carries its login."""
    proven: tuple[CarrierFact, ...] = ()
    """The carriers of the attempt's ``proven_carriers`` that are there."""
