"""What the use cases about regulated things need from the store; parts of `core.ports.Store`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from trunkline.core.model import Listing, Number, Page, Scope
from trunkline.core.regulated import (
    AddressNeed,
    Callback,
    Campaign,
    CampaignNumber,
    Compliance,
    ComplianceFilter,
    Document,
    Filing,
    FilingKind,
    KindRules,
    OpenFiling,
    Profile,
    RegulatedKind,
)


class FilingStore(Protocol):
    """What was asked for numbers."""

    def get(self, number_id: str, kind: FilingKind) -> Filing | None:
        """Return a number's filing of a kind."""
        ...

    def put(self, filing: Filing) -> None:
        """Write a filing; it takes the place of the number's earlier one of that kind."""
        ...

    def drop(self, number_id: str, kind: FilingKind | None = None) -> None:
        """Forget a number's filing of a kind, or (None) all of them."""
        ...

    def open(self, limit: int) -> list[OpenFiling]:
        """Return what waits for the operator, oldest first."""
        ...


class CampaignStore(Protocol):
    """Messaging campaigns."""

    def add(self, campaign: Campaign) -> None:
        """Write a campaign."""
        ...

    def get(self, campaign_id: str) -> Campaign | None:
        """Return a campaign by the registry's id."""
        ...

    def all(self, limit: int) -> list[Campaign]:
        """Return campaigns of every account, oldest first."""
        ...

    def page(self, scope: Scope, above: Sequence[str], usecase: str | None, page: Page) -> Listing[Campaign]:
        """Return campaigns inside ``scope`` or of the accounts ``above``, oldest first; of one use case, if named."""
        ...

    def remove(self, campaign: Campaign) -> None:
        """Take a campaign out."""
        ...

    def numbers(self, scope: Scope, campaign_id: str, page: Page) -> Listing[CampaignNumber]:
        """Return a campaign's live numbers inside ``scope``, oldest first."""
        ...

    def count(self, scope: Scope, campaign_id: str) -> dict[str, int]:
        """Count a campaign's live numbers inside ``scope`` by the state of their link."""
        ...


class ProfileStore(Protocol):
    """Business profiles."""

    def add(self, profile: Profile) -> None:
        """Write a profile."""
        ...

    def get(self, scope: Scope, profile_id: str) -> Profile | None:
        """Return a profile."""
        ...

    def page(self, scope: Scope, page: Page) -> Listing[Profile]:
        """Return profiles, oldest first."""
        ...

    def update(self, profile: Profile) -> None:
        """Write a profile's changed fields."""
        ...

    def remove(self, profile_id: str) -> None:
        """Take a profile out."""
        ...

    def uses(self, profile_id: str) -> int:
        """Count the live numbers that name a profile, and the profiles below it."""
        ...


class ComplianceStore(Protocol):
    """Compliance applications with their documents, and the kinds of number that need them."""

    def add(self, application: Compliance) -> None:
        """Write an application."""
        ...

    def get(self, scope: Scope, application_id: str) -> Compliance | None:
        """Return an application."""
        ...

    def page(self, scope: Scope, wanted: ComplianceFilter, page: Page) -> Listing[Compliance]:
        """Return applications, oldest first."""
        ...

    def update(self, application: Compliance) -> None:
        """Write an application's changed fields."""
        ...

    def remove(self, application_id: str) -> None:
        """Forget an application and its documents."""
        ...

    def set_documents(self, application_id: str, documents: Sequence[tuple[Document, bytes]]) -> None:
        """Make these the application's documents, in this order."""
        ...

    def documents(self, application_id: str) -> list[Document]:
        """Return an application's documents, in their order."""
        ...

    def content(self, document_id: str) -> bytes | None:
        """Return a document's content."""
        ...

    def held(self, account_id: str) -> tuple[int, int]:
        """Return how many applications an account has, and the bytes of their documents."""
        ...

    def numbers(self, scope: Scope, application_id: str, limit: int) -> list[Number]:
        """Return the live numbers inside ``scope`` that are linked to an application, oldest first."""
        ...

    def kinds(self) -> list[RegulatedKind]:
        """Return the kinds of number that need an accepted application, in order."""
        ...

    def rules(self) -> list[KindRules]:
        """Return the kinds of number of which anything is demanded, in order."""
        ...

    def set_address_need(self, kind: RegulatedKind, need: AddressNeed) -> None:
        """Say which address numbers of a kind have to name."""
        ...

    def accepted_types(self, account_id: str, country: str) -> list[str]:
        """Return the types of number for which an account has an accepted application of a country."""
        ...

    def is_regulated(self, kind: RegulatedKind) -> bool:
        """Tell whether a kind of number is regulated."""
        ...

    def set_regulated(self, kind: RegulatedKind, *, regulated: bool) -> None:
        """Mark a kind of number as regulated, or no longer so."""
        ...


class CallbackStore(Protocol):
    """News that applications have yet to be told; written with the change itself, sent after it."""

    def add(self, callback: Callback) -> None:
        """Write a callback that is due at once."""
        ...

    def waiting(self, account_id: str) -> int:
        """Count an account's callbacks that wait."""
        ...

    def due(self, at: datetime, without: Collection[str], limit: int) -> list[Callback]:
        """Return the oldest due callback of each account that is not among ``without``, oldest first."""
        ...

    def delay(self, callback_id: str, tries: int, until: datetime, outcome: str) -> None:
        """Try a callback again later."""
        ...

    def settle(self, callback_id: str, *, told: bool, at: datetime, outcome: str) -> None:
        """Say how a callback ended."""
        ...

    def forget(self, before: datetime) -> None:
        """Drop callbacks that were settled before a time."""
        ...
