"""Values of what others decide about a number: caller names, messaging campaigns, reputation, compliance papers.

None of it is decided here. An account asks, the operator says what came of it, and whoever asked is told by a callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trunkline.core.model import Number, Webhook


class FilingKind(StrEnum):
    """What is asked for a number; each number has at most one filing of each kind.

    An emergency registration is no filing that is kept: the number's settings tell of it.
    """

    CNAM = "cnam"
    CAMPAIGN = "campaign"
    REPUTATION = "reputation"
    EMERGENCY = "emergency"


class FilingState(StrEnum):
    """How far a filing is. Only the operator moves it on from ``PENDING``."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A request about a number. ``subject`` is the caller name, the campaign's id, the profile's id, or of an emergency
    registration its state and the address's id.
    """

    number_id: str
    kind: FilingKind
    subject: str
    state: FilingState
    callback: Webhook | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OpenFiling:
    """A filing and the number that it is about."""

    filing: Filing
    number: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A messaging campaign of an account (10DLC), registered elsewhere and entered by the operator.

    ``campaign_id`` is the registry's name of it, unique in the installation.
    """

    id: str
    account_id: str
    campaign_id: str
    alias: str
    usecase: str
    max_numbers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignNumber:
    """A number's place in a campaign: its digits and how far the link is."""

    e164: str
    state: FilingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a business is. ``primary_id`` is None for an account's first profile.

    ``facts``, ``address`` and ``contact`` hold texts under the names in which the profile's dialect knows them.
    """

    id: str
    account_id: str
    alias: str
    primary_id: str | None
    facts: Mapping[str, str]
    address: Mapping[str, str]
    contact: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


class ComplianceStatus(StrEnum):
    """Where an application stands. It is submitted when it is made, and again when a rejected one is corrected."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """A compliance application: the papers for numbers of one country and type, and what the operator said of them."""

    seq: int
    id: str
    account_id: str
    alias: str
    status: ComplianceStatus
    country: str
    number_type: str
    end_user: Mapping[str, str]
    callback: Webhook | None
    reason: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper of an application, without its content. ``size`` is in bytes, 0 for a paper that is data only."""

    id: str
    position: int
    type_id: str
    file_name: str
    media_type: str
    size: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ComplianceFilter:
    """Conditions on a list of applications, joined by AND; None means any."""

    status: ComplianceStatus | None = None
    country: str | None = None
    number_type: str | None = None
    user_type: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class RegulatedKind:
    """Numbers of this country (ISO 3166) and type."""

    country: str
    number_type: str


class AddressNeed(StrEnum):
    """Which postal address a number has to name: any one, one in its own country, or one in another."""

    NONE = "none"
    ANY = "any"
    LOCAL = "local"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class KindRules:
    """What the operator demands of a kind of number: an accepted compliance application, a postal address."""

    kind: RegulatedKind
    application: bool
    address: AddressNeed


class CallbackState(StrEnum):
    """Whether a callback still waits to be told."""

    WAITING = "waiting"
    TOLD = "told"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """News for an account's application. ``topic`` and ``facts`` are ours; the account's dialect words them."""

    id: str
    account_id: str
    dialect: str
    topic: str
    hook: Webhook
    facts: Mapping[str, str]
    tries: int
    created_at: datetime
