"""Tables: colours on terminals only."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest

from trunkline.commands.printing import BAD, GOOD, document, table

ROWS = [("a", "up"), ("up there", "down")]


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def printed(to: io.StringIO) -> str:
    """Return what a table prints there."""
    with redirect_stdout(to):
        table(("WHO", "STATE"), ROWS, colours={"up": GOOD, "down": BAD})
    return to.getvalue()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert printed(Terminal()) == ("WHO       STATE\na         \033[32mup   \033[0m\nup there  \033[31mdown \033[0m\n")


def test_a_pipe_and_who_wants_none_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "WHO       STATE\na         up\nup there  down\n"
    assert printed(io.StringIO()) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(Terminal()) == plain


def test_what_is_not_printable_reaches_no_terminal() -> None:
    told = "\x1b[31mred\nnext \x9b\u202e\x7f \U000e0001 ä"
    to = io.StringIO()
    with redirect_stdout(to):
        table(("NAME",), [(told,)])
    assert to.getvalue() == "NAME\n?[31mred?next ??? ? ä\n"
    to = io.StringIO()
    with redirect_stdout(to):
        document({"name": told})
    assert json.loads(to.getvalue()) == {"name": told}
    assert all(char.isprintable() for line in to.getvalue().split("\n") for char in line)
    assert "ä" in to.getvalue()
