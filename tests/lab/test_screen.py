"""What is printed for a person: width, wrapping, colour."""

from __future__ import annotations

import io

import pytest

from trunkline.lab.screen import WIDTH, Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def everything(out: io.StringIO, environ: dict[str, str]) -> str:
    screen = Screen(out, environ)
    screen.title("A title")
    screen.step("A step")
    screen.say("word " * 60)
    screen.command(["curl", "-u id:token", "http://127.0.0.1:8080/" + "x" * 60, '-d \'{"a": 1,\n "b": 2}\''])
    screen.result("word " * 60)
    screen.table([("name", "word " * 60), ("longer name", "")])
    screen.good("as told")
    screen.bad("not\nas told")
    return out.getvalue()


@pytest.mark.parametrize(
    ("out", "environ", "coloured"),
    [
        (io.StringIO, {}, False),
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
    ],
)
def test_colour_only_on_a_terminal_that_wants_it(
    out: type[io.StringIO], environ: dict[str, str], coloured: bool
) -> None:
    assert ("\033[" in everything(out(), environ)) == coloured


def test_lines_keep_to_the_width_and_commands_can_be_pasted() -> None:
    text = everything(io.StringIO(), {})
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "1. A step" in text
    assert '-d \'{"a": 1,\n            "b": 2}\'' in text
