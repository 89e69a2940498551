"""Vendors' SDKs for Node.js, each in a folder of its own under ``.clients/``, made on demand from its lock.

An SDK that asks one host whatever it is told runs unchanged: a preload sends its connections to that host to a TLS door
of the test's own, which hands on to the server; Node trusts the test's authority by its own setting for that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import ROOT, RUN_S, SCRIPTS, installed, made_once
from tests.clients.tlsdoor import TlsDoor

PACKAGES = {"node": "nodejs", "npm": "npm"}
"""Programs, and the packages of Debian that have them."""


def need_node() -> None:
    """Skip the test where Node.js or npm is missing, naming Debian's packages."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        pytest.skip(f"this SDK needs Node.js. Install Debian's packages: apt-get install {' '.join(missing)}")


def modules(name: str) -> Path:
    """Return the ``node_modules`` of an SDK; ``requirements/client-<name>/package-lock.json`` says what is in it."""
    locked = ROOT / "requirements" / f"client-{name}"
    digest = hashlib.sha256((locked / "package-lock.json").read_bytes()).hexdigest()[:12]
    home = ROOT / ".clients" / f"{name}-{digest}"

    def install() -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(locked / file, home / file)
        # Every package is held to its hash in the lock; none runs a script of its own.
        installed(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], home)

    made_once(home, install)
    return home / "node_modules"


def play_node(name: str, script: str, host: str, door: TlsDoor | None, *arguments: str) -> Any:
    """Run a client script, its connections to ``host`` sent to ``door`` if any; return the JSON that it prints."""
    environ = os.environ | {"NODE_PATH": str(modules(name))}
    if door is not None:
        redirect = {"REDIRECT_HOST": host, "REDIRECT_PORT": str(door.port)}
        environ |= {"NODE_EXTRA_CA_CERTS": str(door.authority), **redirect}
    command = ["node", "--no-deprecation", "--require", str(SCRIPTS / "redirect.js"), str(SCRIPTS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # the SDK writes warnings of its own there
