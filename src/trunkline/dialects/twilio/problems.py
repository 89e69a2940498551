"""What this dialect finds wrong with a request in words of its own: an integer code beside the status."""

from __future__ import annotations

from trunkline.dialects.http import HttpError

ANY = 20001
"""The code of a bad argument that has none of its own."""


class RefusedError(HttpError):
    """A refusal with one of the vendor's codes."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(status, message)
        self.code = code
