"""API keys: what they may be, and how many there are."""

from __future__ import annotations

import pytest

from tests.http.world import World
from trunkline.core import api_keys
from trunkline.core.accounts import operator
from trunkline.core.api_keys import ALL, MAX_KEYS, READ_NUMBERS, WRITE_NUMBERS
from trunkline.core.errors import InvalidError, NotFoundError
from trunkline.core.model import CredentialKind


def create(world: World, *scopes: str) -> api_keys.NewKey:
    """Create a key of the main account's."""
    return world.write(lambda s: api_keys.create(s, operator("test"), world.main.account.id, scopes))


def test_scopes_are_kept_in_one_order_and_everything_holds_all(world: World) -> None:
    both = (WRITE_NUMBERS, READ_NUMBERS, READ_NUMBERS)
    assert create(world, *both).credential.scopes == f"{READ_NUMBERS} {WRITE_NUMBERS}"
    assert create(world, READ_NUMBERS, ALL).credential.scopes == ALL


@pytest.mark.parametrize("scopes", [(), ("phone_numbers",), (READ_NUMBERS, "calls:read"), ("",)])
def test_unknown_scopes(world: World, scopes: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError, match="scopes"):
        create(world, *scopes)


def test_they_are_few(world: World) -> None:
    for _ in range(MAX_KEYS - 1):
        last = create(world, ALL)
    with pytest.raises(InvalidError, match=f"at most {MAX_KEYS}"):
        create(world, ALL)
    world.write(lambda s: api_keys.revoke(s, operator("test"), last.credential.id))
    create(world, ALL)


def test_only_api_keys_are_revoked_here(world: World) -> None:
    (token,) = world.inventory.read(lambda s: s.credentials.live(world.main.account.id, CredentialKind.PLIVO_TOKEN))
    with pytest.raises(NotFoundError):
        world.write(lambda s: api_keys.revoke(s, operator("test"), token.id))
    assert world.plivo("GET", "Number/").status == 200
