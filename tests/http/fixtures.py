"""The fixture `world`: every test gets an installation of its own, copied from one that is made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.world import Tenant, World, enter, furnish
from trunkline.store import database


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Tenant]]:
    """A data folder with its tenants, to copy."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    return data, furnish(data)


@pytest.fixture
def world(furnished: tuple[Path, dict[str, Tenant]], tmp_path: Path) -> Iterator[World]:
    """An installation of the test's own."""
    yield from copied(furnished, tmp_path)


@pytest.fixture(scope="class")
def shared(furnished: tuple[Path, dict[str, Tenant]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An installation for the tests of one class, which change nothing in it."""
    yield from copied(furnished, tmp_path_factory.mktemp("shared"))


def copied(furnished: tuple[Path, dict[str, Tenant]], folder: Path) -> Iterator[World]:
    """Give an installation in ``folder``, and close it afterwards."""
    template, tenants = furnished
    data = folder / "data"
    shutil.copytree(template, data)
    shutil.copy(template.parent / "data.key", folder / "data.key")
    here = enter(data, database.open_vault(data, {}), tenants)
    yield here
    here.inventory.close()
