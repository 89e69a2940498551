"""The native API's views of what the operator decides: like `views`, the only writer of their names."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from trunkline.core.model import Number
from trunkline.core.regulated import (
    AddressNeed,
    Campaign,
    Compliance,
    ComplianceStatus,
    Document,
    FilingKind,
    KindRules,
    OpenFiling,
)
from trunkline.dialects.native.views import shown


class FilingView(Struct, frozen=True):
    """What was asked for a number and waits for the operator. ``subject`` is a caller name, a campaign or a profile; of
    an emergency registration its state and the address's id.
    """

    kind: FilingKind
    number: str
    account_id: str
    subject: str
    created_at: datetime


class FilingList(Struct, frozen=True):
    """What waits, oldest first."""

    items: list[FilingView]


class RegistrationsView(Struct, frozen=True):
    """What others have decided about a number."""

    number: str
    account_id: str
    cnam: str | None
    cnam_lookup: bool | None
    campaign_id: str | None
    campaign_status: str | None
    profile_id: str | None
    reputation_status: str | None
    toll_free_status: str | None
    toll_free_verification_id: str | None
    toll_free_order_status: str | None
    compliance_id: str | None
    compliance_status: str | None


class CampaignView(Struct, frozen=True):
    """A messaging campaign."""

    campaign_id: str
    account_id: str
    alias: str
    usecase: str
    max_numbers: int
    created_at: datetime


class CampaignList(Struct, frozen=True):
    """Campaigns of every account, oldest first."""

    items: list[CampaignView]


class DocumentView(Struct, frozen=True):
    """One paper of an application; ``size`` is in bytes, 0 for one that is data only."""

    id: str
    position: int
    type_id: str
    file_name: str
    media_type: str
    size: int
    fields: dict[str, str]


class ComplianceView(Struct, frozen=True):
    """A compliance application; its documents are None in lists."""

    id: str
    account_id: str
    alias: str
    status: ComplianceStatus
    country: str
    number_type: str
    end_user: dict[str, str]
    reason: str | None
    created_at: datetime
    updated_at: datetime
    documents: list[DocumentView] | None = None


class CompliancePage(Struct, frozen=True):
    """Applications, oldest first; ``next`` is the ``after`` of the page that follows."""

    items: list[ComplianceView]
    total: int
    next: int | None


class RegulatedView(Struct, frozen=True):
    """A kind of number; with ``application`` it waits for an accepted application when it is bought.

    ``address`` is the postal address that it has to name.
    """

    country: str
    number_type: str
    application: bool
    address: AddressNeed


class RegulatedList(Struct, frozen=True):
    """What is regulated, in order."""

    items: list[RegulatedView]


def filing(record: OpenFiling) -> FilingView:
    """Show what waits."""
    asked, number = record.filing, record.number
    return FilingView(asked.kind, number.e164, number.owner.id, asked.subject, asked.created_at)


def registrations(record: Number) -> RegistrationsView:
    """Show what others have decided about a number."""
    return shown(
        RegistrationsView,
        record.details,
        number=record.e164,
        account_id=record.owner.id,
        campaign_status=record.campaign_status,
        toll_free_status=record.toll_free_status,
    )


def campaign(record: Campaign) -> CampaignView:
    """Show a campaign."""
    return shown(CampaignView, record)


def compliance(record: Compliance, documents: list[Document] | None = None) -> ComplianceView:
    """Show an application, with its documents where they are given."""
    papers = [document(d) for d in documents] if documents is not None else None
    return shown(ComplianceView, record, end_user=dict(record.end_user), documents=papers)


def document(record: Document) -> DocumentView:
    """Show a document without its content."""
    return shown(DocumentView, record, fields=dict(record.fields))


def regulated(records: list[KindRules]) -> RegulatedList:
    """Show what is regulated."""
    return RegulatedList([RegulatedView(r.kind.country, r.kind.number_type, r.application, r.address) for r in records])
