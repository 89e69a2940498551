"""Plivo's arguments on accounts and subaccounts; reads them as `requests` does the others."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.core.errors import MissingError
from trunkline.dialects.plivo.requests import Args, flag, text


@dataclass(frozen=True, slots=True)
class SubaccountArgs:
    """Arguments of a subaccount; None: not given."""

    name: str | None
    enabled: bool | None


def subaccount(args: Args) -> SubaccountArgs:
    """Read a change of a subaccount. plivo-python 4.63 sends ``enabled`` every time, false unless told."""
    return SubaccountArgs(text(args, "name"), flag(args, "enabled"))


def new_subaccount(args: Args) -> SubaccountArgs:
    """Read a creation: ``name`` is required, ``enabled`` false unless given."""
    found = subaccount(args)
    if found.name is None or not found.name.strip():
        raise MissingError("name is required", field="name")
    return found


def cascades(args: Args) -> bool:
    """Tell whether what a deleted subaccount has is to be deleted with it."""
    return bool(flag(args, "cascade"))


@dataclass(frozen=True, slots=True)
class AccountArgs:
    """Arguments of an account's change; None: not given, or null, which plivo-python sends for what it was not told."""

    name: str | None
    city: str | None
    address: str | None
    state: str | None
    timezone: str | None


def account(args: Args) -> AccountArgs:
    """Read a change of an account."""
    names = ("name", "city", "address", "state", "timezone")
    return AccountArgs(**{name: text(args, name) for name in names})
