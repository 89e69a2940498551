"""Reads capture files with Wireshark's tshark, which shares no code with what writes them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

BINARY = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(BINARY is None, reason="tshark is not installed: apt-get install tshark")

_CHECKS = [f"{layer}.check_checksum:TRUE" for layer in ("ip", "udp", "tcp")]
_WRONG = ("malformed", "tcp.analysis.flags", *(f'"{layer}.checksum.status": "0"' for layer in ("ip", "udp", "tcp")))
"""What JSON of a file says where layers, sequence numbers or checksums are damaged."""


def read(file: Path, *arguments: str, port: int) -> str:
    """Run tshark on a file, with ``port`` known as SIP's; return what it says."""
    assert BINARY is not None
    command = [BINARY, "-n", "-r", str(file), "-d", f"udp.port=={port},sip", "-d", f"tcp.port=={port},sip"]
    for check in _CHECKS:
        command += ["-o", check]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fields(file: Path, *names: str, port: int) -> list[tuple[str, ...]]:
    """Return these fields of every SIP message, in order."""
    arguments = [word for name in names for word in ("-e", name)]
    told = read(file, "-Y", "sip", "-T", "fields", *arguments, port=port)
    return [tuple(line.split("\t")) for line in told.splitlines()]


def ladder(file: Path, port: int) -> list[str]:
    """Return every SIP message's method, or its status and the method that it answers."""
    rows = fields(file, "sip.Method", "sip.Status-Code", "sip.CSeq.method", port=port)
    return [method or f"{status} {of}" for method, status, of in rows]


def check(file: Path, port: int) -> None:
    """Check that nothing in a file is damaged: layers, checksums, sequence numbers."""
    told = read(file, "-T", "json", port=port)
    assert json.loads(told)
    assert [wrong for wrong in _WRONG if wrong in told.lower()] == []
