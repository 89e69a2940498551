"""Registrations of `reg` carriers: made with their carrier, changed, and where they lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.http.fixtures import furnished, world
from tests.http.world import World
from trunkline.core import carriers, outbound_auth, registrations
from trunkline.core.accounts import operator
from trunkline.core.carriers import CarrierDraft, GatewayDraft
from trunkline.core.errors import InvalidError, MissingError
from trunkline.core.model import EVERYTHING, Carrier, CarrierKind, CredentialKind, Page, Transport
from trunkline.core.ports import Store
from trunkline.core.registrations import Registrar, RegistrationDraft

__all__ = ["furnished", "world"]

PASSWORD = "hunter-22"
GATEWAY = GatewayDraft(address="sip.carrier.example", inbound=False, outbound=True, transport=Transport.TCP)


def create(world: World, gateway: GatewayDraft | None = GATEWAY, **registration: Any) -> Carrier:
    """Create a carrier that we register to."""
    draft = CarrierDraft(
        name="Landline",
        kind=CarrierKind.REG,
        gateways=(gateway,) if gateway else (),
        registration=RegistrationDraft(**{"username": "4930123", "password": PASSWORD} | registration),
    )
    return world.write(lambda s: carriers.create(s, operator("test"), world.main.account, draft))


def read(world: World, carrier: Carrier) -> Carrier:
    """Return a carrier as it is stored."""
    found = world.inventory.read(lambda s: s.carriers.get(EVERYTHING, carrier.id))
    assert found is not None
    return found


def test_a_carrier_has_its_registration_and_its_credentials(world: World) -> None:
    made = create(world, auth_username="line7", from_user="anna", domain="Carrier.Example.", expires_s=600)
    carrier = read(world, made)
    assert carrier == made
    assert carrier.registration is not None
    assert (carrier.registration.from_user, carrier.registration.domain) == ("anna", "carrier.example")
    assert (len(carrier.registration.contact_token), carrier.registration.any_source) == (32, False)
    credential = world.inventory.read(lambda s: outbound_auth.current(s, carrier))
    assert credential is not None
    assert credential.public_id == "line7"
    assert world.inventory.read(lambda s: s.credentials.reveal(credential.id)) == PASSWORD
    stored = b"".join(path.read_bytes() for path in world.data.iterdir() if path.is_file())
    assert PASSWORD.encode() not in stored
    assert carrier.registration.contact_token != read(world, create(world)).registration.contact_token  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        ({}, Registrar("sip.carrier.example", 5060, Transport.TCP, "4930123", "sip.carrier.example")),
        ({"domain": "home.example"}, Registrar("sip.carrier.example", 5060, Transport.TCP, "4930123", "home.example")),
        (
            {"registrar": "proxy.example", "registrar_port": 5070, "registrar_transport": Transport.UDP},
            Registrar("proxy.example", 5070, Transport.UDP, "4930123", "sip.carrier.example"),
        ),
        (
            {"registrar": "198.51.100.9", "domain": "home.example"},
            Registrar("198.51.100.9", None, Transport.TCP, "4930123", "home.example"),
        ),
    ],
)
def test_where_it_leads(world: World, registration: dict[str, Any], expected: Registrar) -> None:
    assert registrations.target(read(world, create(world, **registration))) == expected


@pytest.mark.parametrize(
    ("registration", "named"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "a\r\nb"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"password": ""}, "outbound_password"),
        ({"from_user": "<"}, "from_user"),
        ({"domain": "sip:carrier.example"}, "domain"),
        ({"domain": "carrier.example:5060"}, "domain"),
        ({"domain": "localhost"}, "domain"),
        ({"domain": "999.999.1.1"}, "domain"),
        ({"registrar": "198.51.100.0/24"}, "registrar"),
        ({"registrar": "10.0.0.1 "}, "registrar"),
        ({"registrar_port": 0}, "registrar_port"),
        ({"expires_s": 59}, "expires_s"),
        ({"expires_s": 86401}, "expires_s"),
    ],
)
def test_what_is_refused(world: World, registration: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidError) as refused:
        create(world, **registration)
    assert refused.value.field == named
    assert world.inventory.read(lambda s: s.carriers.page(EVERYTHING, None, Page(10))).total == 0


def test_it_needs_somebody_to_register_with(world: World) -> None:
    with pytest.raises(InvalidError, match="outbound gateway"):
        create(world, None)
    assert registrations.target(create(world, None, registrar="sip.carrier.example")) is not None
    carrier = create(world)
    with pytest.raises(InvalidError, match="outbound gateway"):
        world.write(lambda s: carriers.remove_gateway(s, operator("test"), carrier, carrier.gateways[0].id))


def test_it_belongs_to_reg_carriers_only(world: World) -> None:
    draft = CarrierDraft(name="x", registration=RegistrationDraft(username="a", password=PASSWORD))
    actor = operator("test")
    with pytest.raises(InvalidError, match="belongs to `reg`"):
        world.write(lambda s: carriers.create(s, actor, world.main.account, draft))
    bare = replace(draft, kind=CarrierKind.REG, registration=None)
    with pytest.raises(MissingError):
        world.write(lambda s: carriers.create(s, actor, world.main.account, bare))


def test_a_change_keeps_the_contact(world: World) -> None:
    carrier = create(world)
    assert carrier.registration is not None
    token = carrier.registration.contact_token

    def change(store: Store) -> Carrier:
        return registrations.change(store, carrier, {"expires_s": 120, "from_domain": "a.example", "any_source": True})

    world.write(change)
    changed = read(world, carrier).registration
    assert changed is not None
    assert (changed.expires_s, changed.from_domain, changed.any_source) == (120, "a.example", True)
    assert changed.contact_token == token


def test_its_credentials_are_changed_but_never_taken_away(world: World) -> None:
    carrier = create(world)

    def change(wanted: dict[str, str | None]) -> None:
        world.write(lambda s: outbound_auth.change(s, carrier, wanted))

    change({outbound_auth.PASSWORD: "another-one"})
    with pytest.raises(InvalidError, match="we register to this carrier"):
        change({outbound_auth.USERNAME: None})

    def passwords(store: Store) -> list[str]:
        live = store.credentials.of_carrier(carrier.id, CredentialKind.SIP_OUTBOUND)
        return [store.credentials.reveal(credential.id) for credential in live]

    assert world.inventory.read(passwords) == ["another-one"]
