"""A document's verbs: what an application asks for, whatever dialect spelt it.

A dialect's ``document.py`` reads its vendor's XML to these values; ``voice/session.py`` runs them. What a dialect knows
and Trunkline cannot do yet is kept as `Unsupported`, so that it is refused when it is reached and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trunkline.core.model import Webhook

MAX_TARGET_HEADERS = 32
"""Custom headers of one dialled target."""


class TargetKind(StrEnum):
    """What a dialled target names: a telephone number, or a SIP URI."""

    NUMBER = "number"
    SIP = "sip"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialTarget:
    """One party to ring: digits of a number, or a SIP URI; ``headers`` go on its INVITE."""

    kind: TargetKind
    value: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Ring the targets and connect the first that answers. Times in seconds; ``timeout`` None: no limit of its own.

    ``action`` hears how it ended; ``events`` hears what becomes of each leg meanwhile.
    """

    targets: tuple[DialTarget, ...]
    timeout: float | None = None
    time_limit: float = 14400.0
    caller_id: str | None = None
    caller_name: str | None = None
    action: Webhook | None = None
    redirect: bool = True
    events: Webhook | None = None
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call: ``rejected`` or ``busy`` say how an unanswered call is refused; ``after`` seconds schedule it."""

    reason: str | None = None
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with the document at another address."""

    hook: Webhook


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for ``length`` seconds."""

    length: float = 1.0


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A verb of the dialect that this build does not run; ``why`` tells the user in one sentence."""

    name: str
    why: str


Verb = Dial | HangUp | Redirect | Wait | Unsupported


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of one answer, in order. An empty one ends the call."""

    verbs: tuple[Verb, ...]
