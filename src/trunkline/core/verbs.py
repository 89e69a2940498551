"""A document's verbs: what an application asks for, whatever dialect spelt it.

A dialect's ``document.py`` reads its vendor's XML to these values; ``voice/session.py`` runs them. What a dialect knows
and Trunkline cannot do yet is kept as `Unsupported`, so that it is refused when it is reached and not before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from trunkline.core.calls import LegChange
from trunkline.core.model import Webhook
from trunkline.core.outbound_auth import OutboundAuth

MAX_TARGET_HEADERS = 32
"""Custom headers of one dialled target."""


class TargetKind(StrEnum):
    """What a dialled target names: a telephone number, a SIP URI, or the user name of an endpoint."""

    NUMBER = "number"
    SIP = "sip"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class LegEvents:
    """Who hears what becomes of the legs of a target, and which changes of it."""

    hook: Webhook
    changes: frozenset[LegChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialUri:
    """One of several SIP URIs of a target: lower priority first, weight shares among equals (RFC 2782)."""

    uri: str
    priority: int
    weight: int
    auth: OutboundAuth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialTarget:
    """One party to ring: digits of a number, a SIP URI or an endpoint's user name; ``headers`` go on its INVITE.

    ``auth`` answers its challenges, where it is a SIP URI. ``uris`` are tried one after the other in place of
    ``value``, which is the first of them.
    """

    kind: TargetKind
    value: str
    headers: tuple[tuple[str, str], ...] = ()
    events: LegEvents | None = None
    auth: OutboundAuth | None = None
    uris: tuple[DialUri, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Ring the targets and connect the first that answers. Times in seconds; ``timeout`` None: no limit of its own.

    ``sequential``: one after the other, each for ``timeout``, instead of all at once. ``action`` hears how it ended.
    """

    targets: tuple[DialTarget, ...]
    timeout: float | None = None
    time_limit: float = 14400.0
    caller_id: str | None = None
    caller_name: str | None = None
    action: Webhook | None = None
    redirect: bool = True
    sequential: bool = False
    unsupported: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """What the document asks for beyond this build that takes nothing from the call: said in its trace."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call: ``rejected``, ``busy`` or ``not_in_service`` say how an unanswered call is refused.

    ``after`` seconds schedule it.
    """

    reason: str | None = None
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with the document at another address."""

    hook: Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Ask the caller to go to ``target``, a SIP URI with the header fields that its call shall have; REFER, RFC 3515.

    ``action`` hears how it ended.
    """

    target: str
    action: Webhook | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for ``length`` seconds."""

    length: float = 1.0


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A verb of the dialect that this build does not run; ``why`` tells the user in one sentence."""

    name: str
    why: str


Verb = Dial | HangUp | Redirect | Refer | Wait | Unsupported


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of one answer, in order. An empty one ends the call.

    ``url`` is where it came from, ``fallback`` whether that was the fallback hook.
    """

    verbs: tuple[Verb, ...]
    url: str = field(default="", compare=False)
    fallback: bool = field(default=False, compare=False)
