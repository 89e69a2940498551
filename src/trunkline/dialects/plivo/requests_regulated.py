"""Plivo's arguments about caller names, reputation, campaigns and profiles: like `requests`, the only reader of their
names.

Sources: https://www.plivo.com/docs/numbers/account-phone-numbers.md and what the vendor's SDKs send.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from trunkline.core import applications
from trunkline.core.errors import InvalidError
from trunkline.core.model import Webhook
from trunkline.core.profiles import Draft
from trunkline.dialects.plivo.requests import Args, choice, entries, mapping, required, text

_SWITCH = ("enabled", "disabled")
_REQUIRED = ("profile_alias", "customer_type", "entity_type", "company_name", "vertical")
_FACTS = (
    "customer_type",
    "entity_type",
    "company_name",
    "ein",
    "ein_issuing_country",
    "vertical",
    "website",
    "doing_business_as",
    "stock_symbol",
    "stock_exchange",
    "alt_business_id",
    "alt_business_id_type",
    "business_contact_email",
)
_ADDRESS = ("street", "city", "state", "postal_code", "country")
_CONTACT = ("first_name", "last_name", "phone", "email", "title", "seniority")


def webhook(args: Args, url: str, method: str) -> Webhook | None:
    """Return the callback that two arguments name, None where there is none; POST unless GET is asked for."""
    word = (choice(args, method, ("get", "post")) or "post").upper()
    address = (text(args, url) or "").strip()
    return applications.webhook(address, word, url) if address else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberChange:
    """Those arguments of ``POST /Number/{number}/`` that others decide about; None: not given."""

    cnam_lookup: bool | None
    cnam: str | None
    cnam_callback: Webhook | None
    caller_reputation: bool | None
    profile_id: str | UnsetType
    reputation_callback: Webhook | None
    compliance_id: str | None


def number_change(args: Args) -> NumberChange:
    """Read them; an empty ``cnam`` or ``profile_uuid`` takes it away, null leaves it."""
    profile, lookup = text(args, "profile_uuid"), choice(args, "cnam_lookup", _SWITCH)
    reputation = choice(args, "caller_reputation", _SWITCH)
    if reputation == "enabled" and not profile:
        raise InvalidError("profile_uuid is required to enable caller_reputation", field="profile_uuid")
    return NumberChange(
        cnam_lookup=None if lookup is None else lookup == "enabled",
        cnam=text(args, "cnam"),
        cnam_callback=webhook(args, "cnam_callback_url", "cnam_callback_method"),
        caller_reputation=None if reputation is None else reputation == "enabled",
        profile_id=UNSET if profile is None else profile.strip().lower(),
        reputation_callback=webhook(args, "caller_reputation_callback_url", "caller_reputation_callback_method"),
        compliance_id=(text(args, "compliance_application_id") or "").strip() or None,
    )


@dataclass(frozen=True, slots=True)
class Linking:
    """Arguments of a request to link numbers to a campaign."""

    numbers: list[str]
    callback: Webhook | None


def linking(args: Args) -> Linking:
    """Read them: ``numbers`` is a JSON array or a comma list."""
    numbers = [entry.strip() for entry in entries(args, "numbers")]
    return Linking(numbers, webhook(args, "url", "method"))


def new_profile(args: Args) -> Draft:
    """Read a profile's creation."""
    for name in _REQUIRED:
        required(args, name)
    return profile(args)


def profile_owner(args: Args) -> str | None:
    """Return the ``auth_id`` of the subaccount that a new profile is for, if it names one."""
    return (text(args, "plivo_subaccount") or "").strip() or None


def profile(args: Args) -> Draft:
    """Read what is given of a profile; unknown names in it are ignored."""
    return Draft(
        alias=text(args, "profile_alias"),
        facts=_texts(args, _FACTS),
        address=_texts(mapping(args, "address"), _ADDRESS),
        contact=_texts(mapping(args, "authorized_contact"), _CONTACT),
    )


def _texts(args: Args, names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name in names if (value := text(args, name)) is not None}
