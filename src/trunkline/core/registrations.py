"""Our registration at a carrier that delivers calls only to who has registered (RFC 3261 section 10).

A carrier of the kind `reg` has exactly one. The user name and password with which we answer its challenges are the
carrier's outbound credentials (`core.outbound_auth`): one pair serves REGISTER and our calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from trunkline.core import hosts, outbound_auth
from trunkline.core.errors import InvalidError, MissingError
from trunkline.core.model import Carrier, CarrierKind, Registration, Transport
from trunkline.core.ports import Rules, Store

MAX_USERNAME = 64
MAX_FROM_USER = 128
MAX_PORT = 65535
MIN_EXPIRES_S = 60
MAX_EXPIRES_S = 86_400
DEFAULT_EXPIRES_S = 3_600

# What the user part of a SIP URI has without escapes (RFC 3261 section 25.1: unreserved, user-unreserved), and `@`,
# which user names that look like mail addresses have; a URI has it escaped.
_USER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/@")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationDraft:
    """A registration as asked for.

    ``auth_username`` is with what we answer challenges where it is not ``username``; for the rest see
    `model.Registration`, and `target` for what None stands for.
    """

    username: str
    password: str = field(repr=False)
    auth_username: str | None = None
    domain: str | None = None
    registrar: str | None = None
    registrar_port: int | None = None
    registrar_transport: Transport | None = None
    from_user: str | None = None
    from_domain: str | None = None
    expires_s: int = DEFAULT_EXPIRES_S

    @property
    def credentials(self) -> outbound_auth.Changes:
        """What the carrier's outbound credentials become; an empty password leaves the one that is there."""
        password = {outbound_auth.PASSWORD: self.password} if self.password else {}
        return {outbound_auth.USERNAME: self.auth_username or self.username} | password

    @property
    def changes(self) -> Mapping[str, Any]:
        """The rest of it, as changes of a registration."""
        return {name: getattr(self, name) for name in CHANGEABLE - {"any_source"}}


class Registrar(NamedTuple):
    """Where REGISTER goes, and our address of record: ``sip:user@domain``.

    ``port`` and ``transport`` None: as RFC 3263 finds them.
    """

    host: str
    port: int | None
    transport: Transport | None
    user: str
    domain: str


def target(carrier: Carrier) -> Registrar | None:
    """Return where we register for a carrier, None where it is not of the kind `reg`.

    What the registration leaves open is that of the carrier's first active gateway for outbound calls: host, port and
    transport; ``domain`` is then the host. A carrier without any of it is not registered: None.
    """
    wanted = carrier.registration
    if wanted is None:
        return None
    gateway = next((g for g in carrier.gateways if g.outbound and g.active), None)
    if wanted.registrar is not None:
        transport = wanted.registrar_transport or (gateway.transport if gateway else Transport.UDP)
        host, port = wanted.registrar, wanted.registrar_port
    elif gateway is not None:
        transport = wanted.registrar_transport or gateway.transport
        host, port = gateway.host, gateway.port
    else:
        return None
    domain = wanted.domain or (gateway.host if gateway else host)
    return Registrar(host, port, transport, wanted.username, domain)


def drafted(store: Store, carrier_id: str, draft: RegistrationDraft) -> Registration:
    """Return a new registration of a carrier, checked, not written yet."""
    now = store.now()
    return checked(
        Registration(
            id=store.new_id(),
            carrier_id=carrier_id,
            username=draft.username,
            domain=draft.domain,
            registrar=draft.registrar,
            registrar_port=draft.registrar_port,
            registrar_transport=draft.registrar_transport,
            from_user=draft.from_user,
            from_domain=draft.from_domain,
            expires_s=draft.expires_s,
            contact_token=store.new_secret(),
            any_source=False,
            created_at=now,
            updated_at=now,
        ),
        store.rules,
    )


CHANGEABLE = frozenset(f.name for f in fields(RegistrationDraft)) - {"password", "auth_username"} | {"any_source"}
"""What of a registration may change; its credentials change as the carrier's outbound ones."""


def change(store: Store, carrier: Carrier, changes: Mapping[str, Any]) -> Carrier:
    """Change some of `CHANGEABLE` of a `reg` carrier's registration; its Contact token stays."""
    if carrier.registration is None:
        raise unexpected(carrier.kind)
    changed = replace(carrier.registration, updated_at=store.now(), **changes)
    wanted = replace(carrier, registration=checked(changed, store.rules))
    check_target(wanted)
    store.carriers.set_registration(changed)
    return wanted


def check_target(carrier: Carrier) -> None:
    """Raise `InvalidError` for a `reg` carrier that names nobody to register with."""
    if carrier.kind is CarrierKind.REG and target(carrier) is None:
        raise InvalidError(
            "a carrier that we register to needs an active outbound gateway, or a registrar",
            field="gateways",
            advice="Keep a gateway with outbound true.",
        )


def unexpected(kind: CarrierKind) -> InvalidError:
    """Return what is wrong with a registration on another kind of carrier."""
    return InvalidError(f"registration belongs to `reg` carriers; this one is `{kind.value}`", field="registration")


def missing() -> MissingError:
    """Return what is wrong with a `reg` carrier without a registration."""
    return MissingError("a `reg` carrier needs registration, with a username and a password", field="registration")


def checked(wanted: Registration, rules: Rules) -> Registration:
    """Return a registration with its hosts in lower case; `InvalidError` names the field that breaks a rule."""
    check_user(wanted.username, "username", MAX_USERNAME)
    if wanted.from_user is not None:
        check_user(wanted.from_user, "from_user", MAX_FROM_USER)
    if not MIN_EXPIRES_S <= wanted.expires_s <= MAX_EXPIRES_S:
        raise InvalidError(f"expires is {MIN_EXPIRES_S} to {MAX_EXPIRES_S} seconds", field="expires_s")
    if wanted.registrar_port is not None and not 0 < wanted.registrar_port <= MAX_PORT:
        raise InvalidError(f"port {wanted.registrar_port} is not between 1 and {MAX_PORT}", field="registrar_port")
    named: dict[str, Any] = {
        name: hosts.outbound(text, rules, name)
        for name in ("domain", "registrar", "from_domain")
        if (text := getattr(wanted, name)) is not None
    }
    return replace(wanted, **named)


def check_user(text: str, field: str, longest: int) -> None:
    """Raise `InvalidError` unless a text can be the user part of a SIP URI: as it is, but for an ``@`` of its own."""
    if not 0 < len(text) <= longest or not _USER.issuperset(text):
        raise InvalidError(
            f"{field} has 1 to {longest} characters, letters, digits and - _ . ! ~ * ' ( ) & = + $ , ; ? / @",
            field=field,
        )
