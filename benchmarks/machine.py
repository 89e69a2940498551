"""What the benchmarks share: the cores, CPU time and memory of processes, and the lines that say on what they ran."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from trunkline.sip.server import COLLECT_S

_TICKS = os.sysconf("SC_CLK_TCK")
_ALLOCATOR_SETTINGS = ("PYTHONMALLOC", "LD_PRELOAD", "MALLOC_ARENA_MAX", "MALLOC_CONF", "GLIBC_TUNABLES")


@cache
def cores() -> tuple[set[int], set[int]]:
    """Return (the candidate's core, the cores of everything else). Raises `SystemExit` where there is only one."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        raise SystemExit("the SIP benchmarks need two cores: one for the candidate, one for the load")
    return {mine[0]}, set(mine[1:])


@contextmanager
def pinned(where: set[int]) -> Iterator[None]:
    """Run the block on these cores; processes that it starts stay on them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, where)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):  # it ended meanwhile
                found += [int(child) for child in task.read_text().split()]
    return found


def cpu_seconds(*pids: int) -> float:
    """Return the CPU time, user and system, that processes have used so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def parent_of(pid: int) -> int:
    """Return the process that started this one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def memory_kb(*pids: int) -> int:
    """Return the resident memory of processes in KiB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def described() -> dict[str, str]:
    """Return what the figures depend on, by name: machine, versions, collector, allocator."""
    model = next(
        (x.partition(":")[2].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), "?"
    )
    settings = [f"{name}={os.environ[name]}" for name in _ALLOCATOR_SETTINGS if name in os.environ]
    return {
        "machine": f"{os.cpu_count()} cores, {model}",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, uvloop {version('uvloop')}",
        "SIPp": _version("sipp") or "not installed",
        "Kamailio": _version("kamailio") or "not installed",
        "peers": ", ".join(_pinned("bench-sippy", "sippy") + _pinned("bench-sipmessage", "sipmessage", "uvloop")),
        "collector": f"Trunkline: off, what lives at the start frozen, all of it collected at a quiet moment, at "
        f"most every {COLLECT_S:g} s; sipmessage: Python's own unless its row says otherwise; sippy: Python's own",
        "allocator": f"Python's and glibc's defaults ({', '.join(settings) or 'no setting in the environment'}) for "
        "all; Kamailio: -x tlsf for shared memory, its default for private memory",
    }


def _version(command: str) -> str | None:
    """Return the line of a program's output that names its version, None where it is not installed."""
    path = shutil.which(command) or shutil.which(command, path="/usr/sbin:/sbin")
    if path is None:
        return None
    done = subprocess.run([path, "-v"], capture_output=True, text=True, check=False, timeout=10)
    return next((line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()), None)


def _pinned(lock: str, *packages: str) -> list[str]:
    """Return "package version" of packages as a lock pins them."""
    text = (Path(__file__).parents[1] / "requirements" / f"{lock}.txt").read_text()
    lines = [line.split()[0] for line in text.splitlines() if "==" in line]
    return [line.replace("==", " ") for line in lines if line.partition("==")[0] in packages]
