"""The address filter, as a table, and its resolver."""

from __future__ import annotations

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.addresses import AddressFilter
from trunkline.hooks.addresses import AddressRefusedError, FilteringResolver

PUBLIC = AddressFilter()
PRIVATE = AddressFilter(allow_private=True)
LAB = AddressFilter(lab=True)

ALWAYS_REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "100.100.100.200",
    "168.63.129.16",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b:1::1",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "not an address",
    "",
]
LOOPBACK = ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"]
PRIVATES = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
]
ALLOWED = [
    "8.8.8.8",
    "172.32.0.1",
    "1.1.1.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
def test_refused_whatever_the_operator_allows(address: str) -> None:
    assert AddressFilter(allow_private=True, lab=True).refusal(address)


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_needs_lab(address: str) -> None:
    assert PUBLIC.refusal(address)
    assert PRIVATE.refusal(address)
    assert LAB.refusal(address) is None


@pytest.mark.parametrize("address", PRIVATES)
def test_private_needs_the_setting(address: str) -> None:
    assert PUBLIC.refusal(address)
    assert LAB.refusal(address)
    assert PRIVATE.refusal(address) is None


@pytest.mark.parametrize("address", ALLOWED)
def test_public_passes(address: str) -> None:
    assert PUBLIC.refusal(address) is None


@given(st.one_of(st.ip_addresses().map(str), st.text(max_size=50)))
def test_never_raises_and_mapped_is_judged_alike(address: str) -> None:
    verdict = PUBLIC.refusal(address)
    if verdict is None and ":" not in address:
        assert PUBLIC.refusal(f"::ffff:{address}") is None


def _resolve(found: list[str], addresses: AddressFilter = PUBLIC, family: int = socket.AF_UNSPEC) -> list[str]:
    async def lookup(_host: str, _port: int) -> list[str]:
        return found

    async def go() -> list[str]:
        resolver = FilteringResolver(addresses, lookup)
        try:
            return [row["host"] for row in await resolver.resolve("app.test", 443, socket.AddressFamily(family))]
        finally:
            await resolver.close()

    return asyncio.run(go())


def test_resolver_keeps_what_passes() -> None:
    assert _resolve(["127.0.0.1", "8.8.8.8", "8.8.8.8", "::1", "2606:4700::1111"]) == ["8.8.8.8", "2606:4700::1111"]
    assert _resolve(["8.8.8.8", "2606:4700::1111"], family=socket.AF_INET6) == ["2606:4700::1111"]


def test_resolver_says_what_it_refused() -> None:
    with pytest.raises(AddressRefusedError, match=r"app\.test resolves to 10\.0\.0\.1: private"):
        _resolve(["10.0.0.1", "127.0.0.1"])


def test_resolver_without_an_answer() -> None:
    with pytest.raises(OSError, match="no address"):
        _resolve([])


def test_real_lookup_of_localhost() -> None:
    async def go() -> set[str]:
        resolver = FilteringResolver(LAB)
        try:
            return {row["host"] for row in await resolver.resolve("localhost", 80)}
        finally:
            await resolver.close()

    assert asyncio.run(go()) <= {"127.0.0.1", "::1"}
