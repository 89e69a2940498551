"""What commands say of what is not there, of what they leave out, and of readers that have gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.http import fixtures
from tests.http.world import World
from tests.server import clean_environ
from trunkline.cli import READER_GONE, main

furnished, world = fixtures.furnished, fixtures.world

N = tuple(f"1415555123{digit}" for digit in range(4))


@pytest.fixture
def data(world: World) -> Path:
    """The data folder of an installation with four numbers."""
    world.numbers(world.carrier(), *N)
    return world.data


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("log", "--account", "nonsense"), "'nonsense' is no account. `trunkline accounts list` shows them."),
        (("log", "--account", ""), "'' is no account"),
        (("log", "--account", "a\033[2J"), "is no account"),
        (("regulatory", "list", "--account", "nonsense"), "'nonsense' is no account"),
        (("keys", "list", "--account", "nonsense"), "'nonsense' is no account"),
        (("compliance", "show", "x"), "'x' is no compliance application. `trunkline compliance list` shows them."),
        (("compliance", "accept", "x"), "'x' is no compliance application. `trunkline compliance list` shows them."),
        (("compliance", "reject", "x", "--reason", "y"), "'x' is no compliance application"),
    ],
)
def test_what_is_not_there_is_named(
    data: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert main([*words, "--data", str(data)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert says in printed.err
    assert "\033" not in printed.err


def test_the_log_of_one_account(world: World, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--account", world.main.account.id, "--data", str(data)]) == 0
    assert N[0] in capsys.readouterr().out
    assert main(["log", "--account", world.other.account.id, "--data", str(data)]) == 0
    assert N[0] not in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_list_of_numbers_says_where_it_stops(
    data: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["numbers", "list", "--limit", "3", "--data", str(data), *options]) == 0
    printed = capsys.readouterr()
    assert (N[2] in printed.out, N[3] in printed.out) == (True, False)
    assert printed.err == "3 of 4 numbers are shown: --limit takes up to 10000\n"
    assert main(["numbers", "list", "--limit", "4", "--data", str(data), *options]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [
        (("numbers", "list"), ""),
        (("numbers", "list"), "1"),
        (("log", "--json"), ""),
        (("accounts", "list"), "1"),
        (("--help",), ""),
    ],
)
def test_a_reader_that_has_gone_is_no_error(data: Path, words: tuple[str, ...], unbuffered: str) -> None:
    read, write = os.pipe()
    os.close(read)
    options = [] if "--help" in words else ["--data", str(data)]
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", *words, *options],
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
        env=clean_environ() | {"PYTHONUNBUFFERED": unbuffered},
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (READER_GONE, b"")


def test_a_broken_pipe_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def breaks(_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("trunkline.commands.calls.read", lambda *_: breaks(None))
    with pytest.raises(BrokenPipeError):
        main(["log"])
    assert capfd.readouterr().out == ""
