"""What a list of numbers is asked for, as conditions in SQL: by the kinds of numbers, and by what has many values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.core.ports import NumberFilter
from trunkline.store.rows import marks

MAX_NAMED = 1000
"""Kinds that a statement names one by one; above that, it asks for them itself."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds that a list shows: the condition on a column of kinds, its values, and how many numbers each has."""

    among: str
    values: list[object]
    sizes: dict[int, int]

    @property
    def numbers(self) -> int:
        """How many numbers these kinds have."""
        return sum(self.sizes.values())


@dataclass(frozen=True, slots=True)
class Sought:
    """A condition whose values are many: as an index seeks it, and as it is judged row by row while walking.

    ``countable``: an index leads to those that pass, so that few of them are soon counted (a ``prefix`` is counted by
    its own tables). ``ordered``: that index has those of a kind in the order of the list.
    """

    sought: str
    walked: str
    values: list[object]
    prefix: str | None = None
    countable: bool = True
    ordered: bool = False


def named_kinds(sizes: dict[int, int], passing: str, asked: list[object]) -> Kinds:
    """Return kinds, by their ids, or by the rest of a query from ``FROM`` on where they are too many to be named."""
    if len(sizes) > MAX_NAMED:
        return Kinds(f"IN (SELECT k.id {passing})", asked, sizes)
    return Kinds(f"IN ({marks(list(sizes))})", list(sizes), sizes)


def some_of(kinds: Kinds, chosen: Sequence[int]) -> Kinds:
    """Return some of these kinds alone, or all where the chosen ones are too many to be named."""
    if len(chosen) == len(kinds.sizes) or len(chosen) > MAX_NAMED:
        return kinds
    return Kinds(f"IN ({marks(chosen)})", list(chosen), {kind: kinds.sizes[kind] for kind in chosen})


def able(service: str, own: str, stocked: str) -> str:
    """Return as SQL whether a number has a service: as its primary carrier says; a bought one as its stock, too."""
    carrier = f"c.{service}"
    return f"CASE WHEN {stocked} THEN {own} * coalesce({carrier}, 1) ELSE coalesce({carrier}, {own}) END"


def kind_terms(wanted: NumberFilter) -> list[tuple[str, object]]:
    """Return the conditions on kinds (``k``) with a value each; there flags are texts, and empty stands for null."""
    words = (
        ("number_type", wanted.number_type),
        ("status", wanted.status.value if wanted.status else None),
        ("campaign_status", wanted.campaign_status),
        ("toll_free_status", wanted.toll_free_status),
        ("toll_free_order_status", wanted.toll_free_order_status),
    )
    found: list[tuple[str, object]] = [(f"k.{name} = ?", value) for name, value in words if value is not None]
    for name, flag in (("mms", wanted.mms), ("cnam_lookup", wanted.cnam_lookup)):
        if flag is not None:
            found.append((f"k.{name} = ?", str(int(flag))))
    stocked = "k.stocked = '1'"
    for name, flag in (("voice", wanted.voice), ("sms", wanted.sms)):
        if flag is not None:
            own = f"CAST(k.{name} AS INTEGER)"
            found.append((f"{able(name, own, stocked)} = ?", int(flag)))
    if wanted.types:
        found.append(("instr(?, ' ' || k.number_type || ' ') > 0", f" {' '.join(wanted.types)} "))
    found += [(f"k.renewal_on {sign} ?", day.isoformat()) for sign, day in wanted.renewal]
    if wanted.renewal:
        found.append(("k.renewal_on > ?", ""))
    return found


def prefixed(prefix: str) -> Sought:
    """Return the condition that a number begins with these digits.

    A range instead of LIKE, so that an index serves it; ":" follows "9" in ASCII. Hidden from the planner while
    walking, when the places in the list lead.
    """
    walked = "coalesce(n.e164, '') >= ? AND coalesce(n.e164, '') < ?"
    return Sought("n.e164 >= ? AND n.e164 < ?", walked, [prefix, prefix + ":"], prefix, countable=False)


def equal(column: str, value: str) -> Sought:
    """Return the condition that a column, which has an index of its own, has this value."""
    return Sought(f"n.{column} = ?", f"n.{column} = ?", [value], ordered=True)


def like(pattern: str) -> Sought:
    """Return the condition that all digits of the number are like this; no index leads to them."""
    return Sought("n.e164 LIKE ?", "n.e164 LIKE ?", [pattern], countable=False)


def labelled(alias: str, bare: Sequence[int]) -> Sought:
    """Return the condition that a number has this alias, or stands at one of these places of the list."""
    if not bare:
        return equal("alias", alias)
    places = marks(bare)
    # An index each for the two halves: no planner finds both in the condition for walking.
    sought = (
        "n.seq IN (SELECT m.seq FROM numbers m WHERE m.alias = ? AND m.kind IS NOT NULL UNION ALL SELECT m.seq "
        f"FROM numbers m WHERE m.seq IN ({places}))"
    )
    return Sought(sought, f"(n.alias = ? OR n.seq IN ({places}))", [alias, *bare])


def joined(column: str, kinds: Kinds, narrow: Sought | None, rest: Sequence[Sought]) -> tuple[str, list[object]]:
    """Return the query for ``column`` of all numbers that pass: found by ``narrow``, or by the first of the rest."""
    judged = [one.walked for one in rest]
    values = [value for one in rest for value in one.values]
    if narrow is None:
        passing = " AND ".join([f"n.kind {kinds.among}", *judged])
        return f"SELECT {column} FROM numbers n WHERE {passing}", [*kinds.values, *values]
    sought = f"{narrow.sought} AND n.kind {kinds.among}"
    if not rest:
        return f"SELECT {column} FROM numbers n WHERE {sought}", [*narrow.values, *kinds.values]
    # CROSS JOIN, which SQLite takes in the order written: the narrow ones come first, whatever the planner guesses.
    tables = f"(SELECT n.seq AS seq FROM numbers n WHERE {sought}) s CROSS JOIN numbers n ON n.seq = s.seq"
    return f"SELECT {column} FROM {tables} WHERE {' AND '.join(judged)}", [*narrow.values, *kinds.values, *values]


def between(column: str, kinds: Kinds, sought: Sequence[Sought], first: int, end: int) -> tuple[str, list[object]]:
    """Return the query for ``column`` of the numbers that pass from place ``first`` until before ``end``."""
    passing = " AND ".join([f"n.kind {kinds.among}", *(one.walked for one in sought), "n.seq >= ? AND n.seq < ?"])
    values = [*kinds.values, *(value for one in sought for value in one.values)]
    return f"SELECT {column} FROM numbers n WHERE {passing}", [*values, first, end]
