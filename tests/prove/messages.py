"""Messages of the storm: as they come, as they are called, as they are written."""

from __future__ import annotations

from tests.edge.peer import Message


class UnexpectedError(Exception):
    """A call that did not go as its story says; the message says where."""


class Heard(Message):
    """A message as it came; its headers are looked up by name."""

    def __init__(self, start: str, headers: list[tuple[str, str]], body: str, source: tuple[str, int]) -> None:
        super().__init__(start, headers, body, source)
        self._first = dict(reversed(self.headers))
        self.label = label_of(self.start, self.get("cseq"))

    def get(self, name: str) -> str:
        """Return the first value of a header, empty where there is none."""
        return self._first.get(name, "")


def label_of(start: str, cseq: str) -> str:
    """Return a request's method, or a response's status and method: ``200/INVITE``."""
    first, _, rest = start.partition(" ")
    return f"{rest[:3]}/{cseq.rpartition(' ')[2]}" if first == "SIP/2.0" else first


def fits(label: str, wanted: str) -> bool:
    """Tell whether a label is the wanted one; ``4xx/INVITE`` stands for a class."""
    return label == wanted or (wanted[1:3] == "xx" and label[0] == wanted[0] and label[3:] == wanted[3:])


def branch_of(message: Heard) -> str:
    return message.get("via").partition("branch=")[2].partition(";")[0]


def written(lines: list[str], body: str) -> str:
    kind = ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*lines, *kind, f"Content-Length: {len(body)}", "", body])
