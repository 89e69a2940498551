"""Source addresses: what a gateway may name, and which gateways an address finds."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core import sources
from trunkline.core.errors import InvalidError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.7", ("203.0.113.7", 32)),
        (" 203.0.113.7 ", ("203.0.113.7", 32)),
        ("203.0.113.0/24", ("203.0.113.0", 24)),
        ("203.0.113.16/28", ("203.0.113.16", 28)),
        ("10.1.2.3", ("10.1.2.3", 32)),
        ("192.168.0.0/24", ("192.168.0.0", 24)),
        ("2001:DB8::7", ("2001:db8::7", 128)),
        ("2001:db8::/64", ("2001:db8::", 64)),
        ("::ffff:203.0.113.7", ("203.0.113.7", 32)),
        ("::ffff:203.0.113.0/120", ("203.0.113.0", 24)),
    ],
)
def test_networks(text: str, expected: tuple[str, int]) -> None:
    assert sources.parse_network(text, lab=False) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not an IP address"),
        ("carrier.example.com", "not an IP address"),
        ("203.0.113.7:5060", "not an IP address"),
        ("203.0.113.300", "not an IP address"),
        ("0203.0.113.7", "not an IP address"),
        ("fe80::1%eth0", "not an IP address"),
        ("1" * 100, "not an IP address"),
        ("203.0.113.7/24", "host bits"),
        ("203.0.112.0/23", "wider than /24"),
        ("2001:db8::/63", "wider than /64"),
        ("::ffff:203.0.0.0/112", "wider than /24"),
        ("0.0.0.0/0", "wider than /24"),
        ("::/0", "wider than /64"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.0/24", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("127.0.0.2", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
    ],
)
def test_refused_networks_are_named(text: str, why: str) -> None:
    with pytest.raises(InvalidError) as caught:
        sources.parse_network(text, lab=False)
    assert why in str(caught.value)
    assert caught.value.field == "ip_set"
    assert repr(text.strip()[: sources.MAX_TEXT]) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0.0.0.0/0", "unspecified"),
        ("::/0", "unspecified"),
        ("128.0.0.0/1", "multicast"),
        ("192.0.0.0/2", "multicast"),
        ("248.0.0.0/5", "reserved"),
        ("8000::/1", "multicast"),
        ("64.0.0.0/2", "loopback"),
        ("126.0.0.0/7", "loopback"),
    ],
)
def test_wide_masks_hide_nothing_that_is_refused(text: str, why: str) -> None:
    with pytest.raises(InvalidError) as caught:
        sources.parse_network(text, lab=False, allow_wide=True)
    assert why in str(caught.value)


def test_what_the_operators_settings_open() -> None:
    assert sources.parse_network("203.0.0.0/16", lab=False, allow_wide=True) == ("203.0.0.0", 16)
    assert sources.parse_network("2001:db8::/32", lab=False, allow_wide=True) == ("2001:db8::", 32)
    assert sources.parse_network("127.0.0.2", lab=True) == ("127.0.0.2", 32)
    assert sources.parse_network("::1", lab=True) == ("::1", 128)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:CB00:7107", "203.0.113.7"),
        ("2001:0DB8:0::7", "2001:db8::7"),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert sources.parse_address(text) == expected


@pytest.mark.parametrize("text", ["", "x", "203.0.113", "203.0.113.7/32", "[::1]", "1.2.3.4:5060"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidError):
        sources.parse_address(text)


addresses = st.ip_addresses().map(str)


@given(addresses, addresses, st.integers(0, 128))
def test_an_address_finds_exactly_the_networks_that_hold_it(one: str, other: str, bits: int) -> None:
    """The keys agree with the standard library, for the network around ``one`` and whether ``other`` is in it."""
    version = ip_address(one).version
    prefix = bits % 33 if version == 4 else bits
    network = ip_network(f"{one}/{prefix}", strict=False)
    key = sources.network_key(str(network.network_address), prefix)
    masks = [(4, 32), (4, prefix % 33), (6, 128), (6, prefix), (version, prefix)]
    for address in (one, other):
        held = ip_address(address).version == version and ip_address(address) in network
        assert (key in sources.address_keys(address, masks)) == held


@given(addresses, addresses, st.integers(0, 128))
def test_ranges_compare_as_texts(one: str, other: str, bits: int) -> None:
    version = ip_address(one).version
    prefix = bits % 33 if version == 4 else bits
    network = ip_network(f"{one}/{prefix}", strict=False)
    low, high = sources.network_range(one, prefix)
    point, _ = sources.network_range(other, 32 if "." in other else 128)
    held = ip_address(other).version == version and ip_address(other) in network
    assert (low <= point <= high) == held
