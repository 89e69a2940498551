"""One number, three dialects: added in one, changed in the second, read in the third; for every pair and every field.

What a dialect can say of a number stands in its `Speaker`: a field that two dialects share is tested between them by
being named in both.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.dialects.speaking import SPEAKERS, Things, furnished
from tests.http.world import World

VALUES: dict[str, Callable[[World, Things], list[Any]]] = {
    "name": lambda *_: ["Front desk", "Zoë & Co", None],
    "application": lambda _, things: [*things.applications, None],
    "trunk": lambda _, things: [things.trunk, None],
    "caller names": lambda *_: [True, False],
    "owner": lambda world, _: [world.sub.account.id, world.main.account.id],
}
"""What each field that can be written is set to, one after another."""

CHANGES = [
    (adder, writer, reader, field)
    for adder, writer, reader in product(SPEAKERS, repeat=3)
    for field in SPEAKERS[writer].writes
    if field in SPEAKERS[reader].reads
]


@pytest.mark.parametrize(("adder", "writer", "reader", "field"), CHANGES)
def test_what_one_writes_another_reads(world: World, adder: str, writer: str, reader: str, field: str) -> None:
    things = furnished(world)
    SPEAKERS[adder].add(world)
    for value in VALUES[field](world, things):
        SPEAKERS[writer].change(world, SPEAKERS[writer].writes[field](world, things, value))
        below = field == "owner" and value == world.sub.account.id
        seen = SPEAKERS[reader].fetch(world, below=below)
        assert seen is not None
        assert SPEAKERS[reader].reads[field](world, seen) == value


@pytest.mark.parametrize("adder", SPEAKERS)
def test_all_see_the_same(world: World, adder: str) -> None:
    furnished(world)
    SPEAKERS[adder].add(world)
    records = {name: speaker.fetch(world) for name, speaker in SPEAKERS.items()}
    seen: dict[str, dict[str, Any]] = {}
    for name, speaker in SPEAKERS.items():
        for field, read in speaker.reads.items():
            seen.setdefault(field, {})[name] = read(world, records[name])
    assert {field: values for field, values in seen.items() if len(set(values.values())) > 1} == {}
    assert all(len(values) > 1 for values in seen.values()), "a field of one dialect only is not shared"


@pytest.mark.parametrize(("adder", "remover", "reader"), list(product(SPEAKERS, repeat=3)))
def test_what_one_removes_is_gone_for_all(world: World, adder: str, remover: str, reader: str) -> None:
    furnished(world)
    SPEAKERS[adder].add(world)
    assert SPEAKERS[reader].fetch(world) is not None
    SPEAKERS[remover].remove(world)
    assert SPEAKERS[reader].fetch(world) is None


def test_every_dialect_shares_fields_with_every_other() -> None:
    assert {(w, r) for _, w, r, _ in CHANGES} >= {("plivo", "topcalls"), ("twilio", "topcalls"), ("plivo", "twilio")}
    assert {field for *_, field in CHANGES} == set(VALUES)
