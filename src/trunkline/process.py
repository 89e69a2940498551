"""What every process does alike: says when it is ready, stops when told to, runs on uvloop where there is one."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Coroutine
from typing import Any

_PR_SET_PDEATHSIG = 1


def say_ready() -> None:
    """Tell the supervisor, through the descriptor that it left for this, that the door is open."""
    descriptor = os.environ.get("TRUNKLINE_READY_FD")
    if descriptor is not None:
        os.write(int(descriptor), b"ready\n")
        os.close(int(descriptor))


def told_to_stop() -> asyncio.Event:
    """Return an event that SIGTERM or SIGINT sets from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a process's work to its end, on uvloop where it is installed; the process ends with its supervisor."""
    if "TRUNKLINE_READY_FD" in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
