"""Lists of numbers against a plain reading of every row: counts, order, pages, by any filter; and the kept counts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.store.opening import Room, open_room
from trunkline.core import numbers
from trunkline.core.model import EVERYTHING, Account, Actor, Number, Page, Scope
from trunkline.core.ports import NumberFilter
from trunkline.store import number_lists
from trunkline.store.counting import BLOCK_DIGITS, KINDS
from trunkline.store.writer import write_once

DAYS = [None, date(2027, 1, 1), date(2027, 1, 2)]
FILTERS: dict[str, list[Any]] = {
    "prefix": ["1", "1415", "14155550", "141555500", "44", "99"],
    "number_type": ["local", "mobile", "fixed"],
    "alias": ["a", "b", "c"],
    "voice": [True, False],
    "sms": [True, False],
    "mms": [True, False],
    "cnam_lookup": [True, False],
    "renewal": [((">=", DAYS[1]),), (("<", DAYS[2]),), (("=", DAYS[1]), ("<=", DAYS[2]))],
    "campaign_id": ["C1", "C2"],
    "campaign_status": ["completed"],
    "toll_free_status": ["verified"],
    "toll_free_order_status": ["APPROVED"],
}


def furnish(folder: Path) -> tuple[Room, Account]:
    """Make three accounts of one tree with 150 numbers of all kinds, some changed and some removed since."""
    room, draw = open_room(folder), random.Random(11)
    main = room.account("Main").account
    owners = [main, *(room.account(name, main).account for name in ("East", "West"))]
    carriers = [room.carrier(main, "203.0.113.7"), room.carrier(main, "203.0.113.8", name="Text")]
    room.connection.execute("UPDATE carriers SET sms = 1 WHERE id = ?", (carriers[1].id,))
    actor = Actor(account=main, label="test")

    def fill(store: Any) -> None:
        for i in range(150):
            digits = str((14155550000 if i % 3 else 442079460000) + i)
            owner, carrier = draw.choice(owners), draw.choice(carriers)
            addition = numbers.Addition(numbers=[digits], owner=owner, carrier=carrier, region="R")
            added = numbers.add(store, actor, addition)[0]
            details = replace(
                added.details,
                number_type=draw.choice(["local", "mobile"]),
                alias=draw.choice(["a", "b", None]),
                renewal_on=draw.choice(DAYS),
                cnam_lookup=draw.choice([True, False, None]),
                campaign_id=draw.choice(["C1", None]),
                campaign_status=draw.choice(["completed", None]),
                toll_free_status=draw.choice(["verified", None]),
                toll_free_order_status=draw.choice(["APPROVED", None]),
            )
            store.numbers.update(replace(added, mms=draw.random() < 0.3, details=details))
            if draw.random() < 0.2:
                numbers.set_carriers(store, actor, numbers.find(store, EVERYTHING, digits), [draw.choice(carriers)])
            if draw.random() < 0.2:
                numbers.move_within(store, actor, numbers.find(store, EVERYTHING, digits), draw.choice(owners))
            if draw.random() < 0.1:
                numbers.remove(store, actor, added)

    write_once(room.connection, room.store, fill)
    return room, main


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> tuple[Room, Account]:
    """An inventory that these tests only read."""
    return furnish(tmp_path_factory.mktemp("lists"))


def passes(number: Number, name: str, value: Any) -> bool:
    """Tell by the record whether a number passes one condition."""
    if name == "prefix":
        return number.e164.startswith(value)
    if name == "renewal":
        day = number.details.renewal_on
        signs = {"=": "__eq__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
        return day is not None and all(getattr(day, signs[sign])(than) for sign, than in value)
    held = getattr(number, name) if name in ("voice", "sms", "mms") else getattr(number.details, name)
    return bool(held == value)


@pytest.mark.parametrize("merged", [100, 1])
@pytest.mark.parametrize("sorted_", [10_000, 20, 0])
def test_any_filter_gives_what_reading_every_row_gives(
    room: tuple[Room, Account], monkeypatch: pytest.MonkeyPatch, merged: int, sorted_: int
) -> None:
    store, main = room[0].store, room[1]
    monkeypatch.setattr(number_lists, "MAX_MERGED", merged)
    monkeypatch.setattr(number_lists, "MAX_SORTED", sorted_)
    every = store.numbers.page(Scope(main.id, include_children=True), NumberFilter(), Page(1000)).items
    assert len(every) > 120
    draw, met = random.Random(7), 0
    singles = [{name: value} for name, values in FILTERS.items() for value in values]
    mixes = [{name: draw.choice(FILTERS[name]) for name in draw.sample(list(FILTERS), 2 + i % 3)} for i in range(80)]
    for chosen in [*singles, *mixes]:
        scope = draw.choice([EVERYTHING, Scope(main.id, include_children=True), Scope(main.id)])
        wanted = [
            number
            for number in every
            if all(passes(number, name, value) for name, value in chosen.items())
            and (scope != Scope(main.id) or number.owner.id == main.id)
        ]
        met += len(wanted)
        after: int | None = None
        seen: list[Number] = []
        while True:
            page = store.numbers.page(scope, NumberFilter(**chosen), Page(7, after=after))
            assert page.total == len(wanted), chosen
            seen += page.items
            if page.last is None:
                break
            after = page.last
        assert [n.e164 for n in seen] == [n.e164 for n in wanted], chosen
        skipped = store.numbers.page(scope, NumberFilter(**chosen), Page(5, offset=3))
        assert [n.e164 for n in skipped.items] == [n.e164 for n in wanted[3:8]], chosen
    assert met > 1000


def test_counts_are_what_counting_gives(room: tuple[Room, Account]) -> None:
    kinds = ", ".join(f"coalesce(n.{name}, '') || ''" for name in KINDS)
    for table, block in (("number_kinds", ""), ("number_blocks", f"substr(n.e164, 1, {BLOCK_DIGITS}), ")):
        kept = room[0].connection.execute(f"SELECT * FROM {table} WHERE numbers <> 0").fetchall()
        counted = room[0].connection.execute(
            f"SELECT n.account_id, {block}coalesce(d.carrier_id, '') AS carrier, {kinds}, count(*) FROM numbers n "
            "LEFT JOIN number_carriers d ON d.number_id = n.id AND d.is_primary = 1 WHERE n.removed_at IS NULL "
            f"GROUP BY n.account_id, {block}carrier, {kinds}"
        )
        assert sorted(kept) == sorted(counted.fetchall())


def test_a_remembered_count_ends_with_a_write(tmp_path: Path) -> None:
    room, main = furnish(tmp_path)
    scope, wanted = Scope(main.id, include_children=True), NumberFilter(alias="a", number_type="local")
    found = room.store.numbers.page(scope, wanted, Page(20))
    actor = Actor(account=main, label="test")
    write_once(room.connection, room.store, lambda s: numbers.remove(s, actor, found.items[0]))
    assert room.store.numbers.page(scope, wanted, Page(20)).total == found.total - 1
