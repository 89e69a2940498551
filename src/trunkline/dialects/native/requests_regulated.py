"""The native API's bodies about what the operator decides: like `requests`, the only reader of their names."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from trunkline.core import campaigns, compliance, tollfree
from trunkline.core.regulated import ComplianceStatus
from trunkline.dialects.native.requests import Cursor, Limit, Short


class CnamBody(Struct, forbid_unknown_fields=True, frozen=True):
    """What came of a requested caller name."""

    outcome: Literal["confirmed", "failed"]


class CampaignLinkBody(Struct, forbid_unknown_fields=True, frozen=True):
    """What came of a number's link to a campaign."""

    outcome: Literal["completed", "failed"]


class ReputationBody(Struct, forbid_unknown_fields=True, frozen=True):
    """What came of a number's enrolment."""

    outcome: Literal["active", "failed"]


class TollFreeBody(Struct, forbid_unknown_fields=True, frozen=True):
    """How far a toll-free number's verification is; null leaves, an empty text clears."""

    status: Literal["unverified", "pending", "verified"]
    verification_id: Annotated[str, Meta(max_length=tollfree.MAX_TEXT)] | None = None
    order_status: Annotated[str, Meta(max_length=tollfree.MAX_TEXT)] | None = None


class CampaignBody(Struct, forbid_unknown_fields=True, frozen=True):
    """A campaign that the registry knows, for the account that the request is for."""

    campaign_id: Short
    alias: Short = ""
    usecase: Short = "MIXED"
    max_numbers: Annotated[int, Meta(ge=1, le=campaigns.MAX_POOL)] = campaigns.MAX_NUMBERS


class RejectBody(Struct, forbid_unknown_fields=True, frozen=True):
    """Why an application is rejected; its owner reads it."""

    reason: Annotated[str, Meta(min_length=1, max_length=compliance.MAX_REASON)]


class RegulatedBody(Struct, forbid_unknown_fields=True, frozen=True):
    """Whether numbers of a country and type wait for an accepted application when they are bought."""

    country: Annotated[str, Meta(pattern="^[A-Za-z]{2}$")]
    number_type: Literal["local", "national", "mobile", "tollfree", "fixed"]
    regulated: bool = True


class AddressNeedBody(Struct, forbid_unknown_fields=True, frozen=True):
    """Which postal address numbers of a country and type have to name."""

    country: Annotated[str, Meta(pattern="^[A-Za-z]{2}$")]
    number_type: Literal["local", "national", "mobile", "tollfree", "fixed"]
    address: Literal["none", "any", "local", "foreign"]


class ComplianceListQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """A page of applications, of one status."""

    limit: Limit = 20
    after: Cursor | None = None
    status: ComplianceStatus | None = None
