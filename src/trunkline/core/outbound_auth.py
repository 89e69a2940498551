"""With what we prove ourselves to a carrier that challenges our calls (RFC 3261 section 22): one pair per carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.core.errors import InvalidError, MissingError
from trunkline.core.model import Carrier, Credential, CredentialKind, Role
from trunkline.core.ports import Store

MAX_USERNAME = 128
MAX_PASSWORD = 128
MAX_REALM = 255
"""Longest of each, in characters."""

USERNAME, PASSWORD, REALM = "outbound_username", "outbound_password", "outbound_realm"

Changes = Mapping[str, str | None]
"""What to change, by the three names above: a name that is not there stays as it is, None clears."""


@dataclass(frozen=True, slots=True)
class OutboundAuth:
    """User name and password for a carrier; ``realm`` is the only one that they are shown to, None any."""

    username: str
    password: str = field(repr=False)
    realm: str | None = None


def change(store: Store, carrier: Carrier, wanted: Changes) -> dict[str, object]:
    """Change a carrier's outbound credentials; return what the change log shows of it, never the password.

    A new pair needs both user name and password; where there is one, each changes alone. Clearing the user name or the
    password takes all away, which is refused for a carrier that we register to. Raises `InvalidError` and
    `MissingError`, which name the field.
    """
    if not wanted:
        return {}
    old = current(store, carrier)
    cleared = [name for name in (USERNAME, PASSWORD) if name in wanted and wanted[name] is None]
    if cleared and carrier.registration is not None:
        raise InvalidError("we register to this carrier with these credentials, so it keeps them", field=cleared[0])
    given = [name for name in (USERNAME, PASSWORD, REALM) if wanted.get(name) is not None]
    if cleared and given:
        raise InvalidError(f"{cleared[0]} null takes the credentials away, so {given[0]} has no use", field=given[0])
    new = None if cleared else _merged(store, old, wanted)
    if old is not None:
        store.credentials.revoke(old.id, store.now())
    if new is not None:
        store.credentials.add(_row(store, carrier, new), new.password)
    shown: dict[str, object] = {name: wanted[name] for name in (USERNAME, REALM) if name in wanted}
    if PASSWORD in wanted:
        shown[PASSWORD] = "cleared" if cleared else "changed"
    return shown


def current(store: Store, carrier: Carrier) -> Credential | None:
    """Return the row of a carrier's outbound credentials, None where it has none."""
    found = store.credentials.of_carrier(carrier.id, CredentialKind.SIP_OUTBOUND)
    return found[0] if found else None


def _merged(store: Store, old: Credential | None, wanted: Changes) -> OutboundAuth | None:
    username = wanted.get(USERNAME, old.public_id if old else None)
    password = wanted[PASSWORD] if PASSWORD in wanted else store.credentials.reveal(old.id) if old else None
    realm = wanted.get(REALM, old.realm if old else None)
    if username is None and password is None and realm is None:
        return None
    for name, value in ((USERNAME, username), (PASSWORD, password)):
        if value is None:
            raise MissingError(f"a carrier's outbound credentials need {name}", field=name)
    check_text(
        USERNAME, username, MAX_USERNAME, barred=":"
    )  # which ends the name in what is hashed (RFC 7616 section 3.4)
    check_text(PASSWORD, password, MAX_PASSWORD)
    if realm is not None:
        check_text(REALM, realm, MAX_REALM)
    return OutboundAuth(username or "", password or "", realm)


def check_text(name: str, value: str | None, longest: int, barred: str = "") -> None:
    """Check a user name, password or realm that is ours elsewhere; raises `InvalidError` naming it by ``name``."""
    text = value or ""
    if not 0 < len(text) <= longest or not text.isprintable() or (barred and barred in text):
        rule = f"{name} has 1 to {longest} printable characters" + (f", none a `{barred}`" if barred else "")
        raise InvalidError(rule, field=name)


def _row(store: Store, carrier: Carrier, auth: OutboundAuth) -> Credential:
    return Credential(
        id=store.new_id(),
        account_id=carrier.account_id,
        carrier_id=carrier.id,
        kind=CredentialKind.SIP_OUTBOUND,
        public_id=auth.username,
        role=Role.ACCOUNT,
        scopes="",
        created_at=store.now(),
        revoked_at=None,
        realm=auth.realm,
    )
