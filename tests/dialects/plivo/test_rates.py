"""What numbers of the stock cost: the price list's cells, else the tariff's, by the time of search and purchase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.http.stocked import fill, row
from tests.http.world import World
from trunkline.tariff import load_tariff

LOCAL, FREE, GERMAN = "14154009186", "18005550100", "4930901820"
RATES = ("setup_rate", "monthly_rental_rate", "voice_rate", "sms_rate", "mms_rate")
NOTHING = ("0.00000",) * 5
TARIFF = '[US]\nmonthly = "0.5"\nvoice = "0.01"\n[US.tollfree]\nsetup = "2"\nmonthly = "1.00"\nsms = "0.0075"\n'


@pytest.fixture
def shop(world: World) -> World:
    """A main account with a stock of three numbers, whose price list says next to nothing of rates."""
    carrier, blank = world.carrier(), dict.fromkeys(RATES, " ")
    fill(
        world,
        row(LOCAL, carrier, **(blank | {"voice_rate": "0", "mms_rate": "0.02"})),
        row(FREE, carrier, type="tollfree", **blank),
        {k: v for k, v in row(GERMAN, carrier, country_iso="DE", region="Berlin").items() if k not in RATES},
    )
    return world


def set_tariff(world: World, folder: Path, text: str) -> None:
    """Give a running installation a tariff; one that is served reads it when it starts."""
    (folder / "tariff.toml").write_text(text)
    tariff = world.inventory.rules.tariff
    assert isinstance(tariff, dict)
    tariff.clear()
    tariff.update(load_tariff(str(folder / "tariff.toml")))


def searched(world: World) -> dict[str, tuple[str, ...]]:
    """Return the rates that a search shows, by number."""
    found = [n for c in ("US", "DE") for n in world.plivo("GET", "PhoneNumber/", country_iso=c).json["objects"]]
    return {n["number"]: tuple(n[name] for name in RATES) for n in found}


def bought(world: World, number: str) -> dict[str, Any]:
    """Buy a number and return it."""
    assert world.plivo("POST", f"PhoneNumber/{number}/").status == 201
    return dict(world.plivo("GET", f"Number/{number}/").json)


def test_blank_cells_cost_what_the_tariff_says(shop: World, tmp_path: Path) -> None:
    set_tariff(shop, tmp_path, TARIFF)
    rates = {
        LOCAL: ("0.00000", "0.50000", "0.00000", "0.00000", "0.02000"),  # a cell that says 0 is no blank one
        FREE: ("2.00000", "1.00000", "0.00000", "0.00750", "0.00000"),
        GERMAN: NOTHING,
    }
    assert searched(shop) == rates
    for number in rates:
        own = bought(shop, number)
        assert tuple(own[name] for name in RATES[1:]) == rates[number][1:]
    history = shop.native("GET", f"numbers/{FREE}/history").json["items"]
    told = next(change["detail"] for change in history if change["verb"] == "buy")
    assert (told["setup_rate"], told["monthly_rental_rate"]) == ("2.00000", "1.00000")


def test_without_a_tariff_they_cost_what_own_numbers_cost(shop: World) -> None:
    assert searched(shop)[FREE] == NOTHING
    shop.numbers(shop.carrier(name="Two", ip_set="203.0.113.9"), "18005550999", number_type="tollfree")
    own = shop.plivo("GET", "Number/18005550999/").json
    sold = bought(shop, FREE)
    assert [sold[name] for name in RATES[1:]] == [own[name] for name in RATES[1:]]


def test_the_tariff_counts_when_a_number_is_bought(shop: World, tmp_path: Path) -> None:
    set_tariff(shop, tmp_path, TARIFF)
    assert bought(shop, FREE)["monthly_rental_rate"] == "1.00000"
    set_tariff(shop, tmp_path, '[US]\nmonthly = "7"\n')
    assert shop.plivo("GET", f"Number/{FREE}/").json["monthly_rental_rate"] == "1.00000"
    assert searched(shop)[LOCAL][1] == "7.00000"
    assert bought(shop, LOCAL)["monthly_rental_rate"] == "7.00000"


def test_the_operator_sees_which_rates_the_price_list_leaves_open(shop: World, tmp_path: Path) -> None:
    set_tariff(shop, tmp_path, TARIFF)
    listed = shop.native("GET", "stock", tenant=shop.operator).json["items"]
    assert {n["number"]: [n[name] for name in RATES] for n in listed} == {
        LOCAL: [None, None, "0.00000", None, "0.02000"],
        FREE: [None] * 5,
        GERMAN: [None] * 5,
    }
