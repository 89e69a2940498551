"""Lists of numbers against a plain reading of every row, by any filter, while numbers come, change, move and go.

And the counts that lists stand on, against counting. Limits are set low, so that few numbers meet every way to a page.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import numbers
from trunkline.core.model import EVERYTHING, Account, Actor, Carrier, Number, NumberStatus, Page, Scope
from trunkline.core.ports import NumberFilter, Store
from trunkline.store import counting, number_lists, number_terms, number_walks
from trunkline.store.counting import KINDS, LEADS
from trunkline.store.writer import write_once

DAYS = [None, date(2027, 1, 1), date(2027, 1, 2)]
FILTERS: dict[str, list[Any]] = {
    "prefix": ["1", "1415", "14155", "14155550", "141555500", "442", "44", "99"],
    "number_type": ["local", "mobile", "fixed"],
    "alias": ["a", "b", "c"],
    "status": [NumberStatus.ACTIVE, NumberStatus.PENDING_CLAIM],
    "voice": [True, False],
    "sms": [True, False],
    "mms": [True, False],
    "cnam_lookup": [True, False],
    "renewal": [((">=", DAYS[1]),), (("<", DAYS[2]),), (("=", DAYS[1]), ("<=", DAYS[2]))],
    "campaign_id": ["C1", "C2"],
    "campaign_status": ["completed"],
    "toll_free_status": ["verified"],
    "toll_free_order_status": ["APPROVED"],
    "types": [("local",), ("local", "fixed"), ("tollfree", "mobile")],
    "pattern": ["1415555%", "%55500%", "_4%1", "%9"],
    "label": [("a", ()), ("b", ("14155550001", "442079460001"))],
}
LIMITS = ((8192, 512, 10_000, 1000), (16, 2, 10_000, 1000), (16, 3, 0, 0), (8, 1, 20, 5), (32, 4, 0, 1000))
"""Places in a stretch, those that are sorted, numbers that are sorted, kinds that are named."""


@dataclass
class World:
    """Three accounts of one tree with two carriers, and chance."""

    room: Room
    owners: list[Account]
    carriers: list[Carrier]
    draw: random.Random
    added: int = 0

    @property
    def actor(self) -> Actor:
        return Actor(account=self.owners[0], label="test")

    def every(self) -> list[Number]:
        """Return all live numbers, each read by itself."""
        rows = self.room.connection.execute("SELECT e164 FROM numbers WHERE removed_at IS NULL ORDER BY seq")
        return [numbers.find(self.room.store, EVERYTHING, row[0]) for row in rows.fetchall()]

    def write(self, use_case: Callable[[Store], object]) -> None:
        write_once(self.room.connection, self.room.store, use_case)

    def fill(self, size: int) -> None:
        """Add numbers in lots of some, each lot alike, and tell of each what may be told."""
        while size > 0:
            lot = min(size, self.draw.randint(1, 9))
            size -= lot
            self.write(lambda store, lot=lot: self._add(store, lot))  # type: ignore[misc]

    def _add(self, store: Store, lot: int) -> None:
        digits = [
            str((14155550000 if self.draw.random() < 0.6 else 442079460000) + self.added + i * 1000) for i in range(lot)
        ]
        self.added += 1
        addition = numbers.Addition(
            numbers=digits, owner=self.draw.choice(self.owners), carrier=self.draw.choice(self.carriers), region="R"
        )
        for number in numbers.add(store, self.actor, addition):
            self.tell(store, number)

    def tell(self, store: Store, number: Number) -> None:
        draw = self.draw
        details = replace(
            number.details,
            number_type=draw.choice(["local", "mobile"]),
            alias=draw.choice(["a", "b", None]),
            renewal_on=draw.choice(DAYS),
            cnam_lookup=draw.choice([True, False, None]),
            campaign_id=draw.choice(["C1", None]),
            campaign_status=draw.choice(["completed", None]),
            toll_free_status=draw.choice(["verified", None]),
            toll_free_order_status=draw.choice(["APPROVED", None]),
            stocked=draw.choice([True, None]),
        )
        store.numbers.update(replace(number, mms=draw.random() < 0.3, details=details))

    def disturb(self) -> None:
        """Change some numbers in each of the ways that there are; some changes fail, and must leave nothing."""
        draw, live = self.draw, self.every()
        for number in draw.sample(live, len(live) // 3):
            step = draw.choice(["remove", "move", "tell", "carriers", "fail"])
            try:
                self.write(lambda store, number=number, step=step: self._disturb(store, number, step))  # type: ignore[misc]
            except RuntimeError:
                assert step == "fail"
        carrier, (now_is, becomes) = draw.choice(self.carriers), draw.sample(list(NumberStatus), 2)
        self.write(lambda store: store.numbers.set_status_of_carrier(carrier.id, now_is, becomes))
        if draw.random() < 0.5:
            self.write(lambda store: store.accounts.hand_over("number", self.owners[2].id, self.owners[0].id))
        self.fill(draw.randint(1, 60))

    def _disturb(self, store: Store, number: Number, step: str) -> None:
        if step in ("remove", "fail"):
            numbers.remove(store, self.actor, number)
        elif step == "move":
            numbers.move_within(store, self.actor, number, self.draw.choice(self.owners))
        elif step == "tell":
            self.tell(store, number)
        else:
            chosen = self.draw.sample(self.carriers, self.draw.randint(1, 2))
            numbers.set_carriers(store, self.actor, number, chosen)
        if step == "fail":
            raise RuntimeError("the use case fails after its write")


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[[int], World]:
    def make(seed: int) -> World:
        room = open_room(tmp_path)
        main = room.account("Main").account
        owners = [main, *(room.account(name, main).account for name in ("East", "West"))]
        carriers = [room.carrier(main, "203.0.113.7"), room.carrier(main, "203.0.113.8", name="Text")]
        room.connection.execute("UPDATE carriers SET sms = 1 WHERE id = ?", (carriers[1].id,))
        return World(room, owners, carriers, random.Random(seed))

    return make


def passes(number: Number, name: str, value: Any) -> bool:
    """Tell by the record whether a number passes one condition."""
    if name == "prefix":
        return number.e164.startswith(value)
    if name == "renewal":
        day = number.details.renewal_on
        signs = {"=": "__eq__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
        return day is not None and all(getattr(day, signs[sign])(than) for sign, than in value)
    if name == "types":
        return number.details.number_type in value
    if name == "pattern":
        return re.fullmatch(value.replace("%", ".*").replace("_", "."), number.e164) is not None
    if name == "label":
        return number.details.alias == value[0] or (number.details.alias is None and number.e164 in value[1])
    own = ("voice", "sms", "mms", "status")
    return bool((getattr(number, name) if name in own else getattr(number.details, name)) == value)


def assert_lists(world: World, filters: list[dict[str, Any]]) -> int:
    """Compare lists by filters with reading every row, by cursor and from each offset; return how many numbers met."""
    store, main, draw, every, met = world.room.store, world.owners[0], world.draw, world.every(), 0
    scopes = {EVERYTHING: world.owners, Scope(main.id, include_children=True): world.owners, Scope(main.id): [main]}
    for chosen in filters:
        scope, owners = draw.choice(list(scopes.items()))
        owner = draw.choice([None, *world.owners])
        wanted = [
            n.e164
            for n in every
            if all(passes(n, name, value) for name, value in chosen.items())
            and n.owner.id in {account.id for account in owners}
            and (owner is None or n.owner.id == owner.id)
        ]
        asked = NumberFilter(**chosen, owner_id=owner.id if owner else None)
        met += len(wanted)
        after: int | None = None
        seen: list[str] = []
        while True:
            page = store.numbers.page(scope, asked, Page(7, after=after))
            assert page.total == len(wanted), chosen
            seen += [n.e164 for n in page.items]
            if page.last is None:
                break
            after = page.last
        assert seen == wanted, chosen
        assert_newest_first(world, scope, asked, wanted[::-1])
        for offset in {1, 3, len(wanted) // 2, len(wanted) * 3 // 4, len(wanted) - 2, len(wanted), len(wanted) + 9}:
            if offset >= 0:
                skipped = store.numbers.page(scope, asked, Page(5, offset=offset))
                assert [n.e164 for n in skipped.items] == wanted[offset : offset + 5], (chosen, offset)
                assert (skipped.total, skipped.last is None) == (len(wanted), offset + 5 >= len(wanted)), chosen
    return met


def assert_newest_first(world: World, scope: Scope, asked: NumberFilter, wanted: list[str]) -> None:
    """Compare a list from its other end, by cursor and from some offsets."""
    after: int | None = None
    seen: list[str] = []
    while True:
        found, after = world.room.store.numbers.newest(scope, asked, Page(7, after=after))
        seen += [n.e164 for n in found]
        if after is None:
            break
    assert seen == wanted, asked
    for offset in {0, 1, len(wanted) // 2, max(0, len(wanted) - 2), len(wanted), len(wanted) + 9}:
        skipped, last = world.room.store.numbers.newest(scope, asked, Page(5, offset=offset))
        assert [n.e164 for n in skipped] == wanted[offset : offset + 5], (asked, offset)
        assert (last is None) == (offset + 5 >= len(wanted)), (asked, offset)


def assert_counts(connection: sqlite3.Connection) -> None:
    """Compare every kept count with counting."""

    def rows(query: str) -> list[Any]:
        return sorted(connection.execute(query).fetchall())

    kinds = ", ".join(f"coalesce(n.{name}, '') || ''" for name in KINDS)
    assert rows(f"SELECT id, account_id, carrier_id, {', '.join(KINDS)}, numbers FROM number_kinds") == rows(
        f"SELECT n.kind, n.account_id, coalesce(d.carrier_id, '') AS carrier, {kinds}, count(*) FROM numbers n "
        "LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1 WHERE n.removed_at IS NULL "
        f"GROUP BY n.kind, n.account_id, carrier, {kinds}"
    )
    assert rows("SELECT * FROM number_stretches") == rows(
        f"SELECT kind, seq / {counting.STRETCH}, count(*) FROM numbers WHERE kind IS NOT NULL GROUP BY 1, 2"
    )
    counted = sorted(
        row
        for n in LEADS
        for row in rows(
            f"SELECT kind, {n}, substr(e164, 1, {n}), count(*), min(seq), max(seq) FROM numbers "
            "WHERE kind IS NOT NULL GROUP BY 1, 3"
        )
    )
    kept = rows("SELECT kind, digits, lead, numbers, first_seq, last_seq FROM number_leads")
    assert [row[:4] for row in kept] == [row[:4] for row in counted]
    # Removals leave the bounds where they were: nothing lies beyond them.
    assert all(held[4] <= found[4] and held[5] >= found[5] for held, found in zip(kept, counted, strict=True))


@pytest.mark.parametrize("limits", LIMITS)
def test_any_filter_gives_what_reading_every_row_gives(
    make_world: Callable[[int], World], monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int, int, int]
) -> None:
    stretch, short, sorted_, named = limits
    monkeypatch.setattr(counting, "STRETCH", stretch)
    monkeypatch.setattr(number_walks, "STRETCH", stretch)
    monkeypatch.setattr(number_walks, "SHORT", short)
    monkeypatch.setattr(number_lists, "MAX_SORTED", sorted_)
    monkeypatch.setattr(number_terms, "MAX_NAMED", named)
    world = make_world(sum(limits))
    world.fill(150)
    singles: list[dict[str, Any]] = [{name: value} for name, values in FILTERS.items() for value in values]
    met = assert_lists(world, [{}, *singles])
    for _ in range(4):
        world.disturb()
        assert_counts(world.room.connection)
        chosen = [world.draw.sample(list(FILTERS), 2 + i % 4) for i in range(25)]
        mixes = [{name: world.draw.choice(FILTERS[name]) for name in names} for names in chosen]
        met += assert_lists(world, [{}, *world.draw.sample(singles, 10), *mixes])
    assert met > 2000


def test_filling_at_once_counts_as_writing_one_by_one_does(make_world: Callable[[int], World]) -> None:
    world = make_world(3)
    world.fill(60)
    connection = world.room.connection
    for table in ("number_kinds", "number_stretches", "number_leads"):
        connection.execute(f"DELETE FROM {table}")
    for statement in counting.FROM_ROWS:
        connection.execute(statement)
    assert_counts(connection)
    world.disturb()
    assert_counts(connection)


def test_a_remembered_count_ends_with_a_write(
    make_world: Callable[[int], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_lists, "MAX_SORTED", 0)
    world = make_world(5)
    world.fill(80)
    wanted, store = NumberFilter(alias="a", campaign_id="C1"), world.room.store
    found = store.numbers.page(EVERYTHING, wanted, Page(20))
    world.write(lambda s: numbers.remove(s, world.actor, found.items[0]))
    assert store.numbers.page(EVERYTHING, wanted, Page(20)).total == found.total - 1 > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE numbers SET number_type = 'national'",
        "UPDATE numbers SET account_id = (SELECT max(id) FROM accounts WHERE id <> numbers.account_id)",
        "UPDATE numbers SET removed_at = 'now'",
        "UPDATE numbers SET kind = NULL",
    ],
)
def test_a_write_past_the_counts_is_refused(make_world: Callable[[int], World], statement: str) -> None:
    world = make_world(9)
    world.fill(3)
    with pytest.raises(sqlite3.IntegrityError):
        world.room.connection.execute(statement)
