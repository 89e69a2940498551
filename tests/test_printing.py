"""Tables: colours on terminals only."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from trunkline.commands.printing import BAD, GOOD, table

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


def test_what_a_terminal_would_act_on_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers of carriers, names of callers and the like stand in tables; anybody may have written them."""
    table(("SAID",), [("404 \x1b[31mred\x07 \x9b1m\u202eback\nnext é",)])
    assert capsys.readouterr().out == "SAID\n404 ?[31mred? ?1m?back?next é\n"
