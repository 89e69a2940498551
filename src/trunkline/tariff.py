"""The tariff: a TOML file that says what numbers cost, by country and number type.

```toml
[US]                 # every type that is not named below
monthly = "0.50"
[US.tollfree]
monthly = "1.00"     # and per service, each "0" where it is not given:
voice = "0.0130"     # a minute
sms = "0.0075"       # a message
mms = "0.0200"
setup = "2.00"       # once, for a number bought from the stock
```

It prices numbers that accounts add themselves, and of the stock's what its price list leaves blank. Either is priced
when it is added or bought; numbers that are there already keep what they have.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from trunkline.config import ConfigError
from trunkline.core import e164
from trunkline.core.errors import InvalidError
from trunkline.core.rates import Rates, Tariff, rate
from trunkline.core.stock import TYPES

MAX_BYTES = 1 << 20

_RATES = {"setup": "setup", "monthly": "monthly_rental", "voice": "voice", "sms": "sms", "mms": "mms"}


def load_tariff(path: str) -> Tariff:
    """Return the tariff of a file; none without a path. `ConfigError` says what is wrong where."""
    if not path:
        return {}
    try:
        raw = Path(path).read_bytes()[: MAX_BYTES + 1]
        if len(raw) > MAX_BYTES:
            raise ConfigError(f"numbers.tariff: {path} is larger than {MAX_BYTES} bytes")
        table = tomllib.loads(raw.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"numbers.tariff: {path}: {error}") from None
    found: dict[tuple[str, str], Rates] = {}
    for country, entries in table.items():
        where = f"{path}: [{country}]"
        if not e164.calling_code(country) or not isinstance(entries, dict):
            raise ConfigError(f"numbers.tariff: {where} is no country of ISO 3166, like US")
        own = {name: value for name, value in entries.items() if not isinstance(value, dict)}
        if own:
            found[country, ""] = _rates(own, where)
        for kind, values in entries.items():
            if isinstance(values, dict):
                if kind not in TYPES:
                    raise ConfigError(f"numbers.tariff: {where}: {kind!r} is none of {', '.join(TYPES)}")
                found[country, kind] = _rates(values, f"{path}: [{country}.{kind}]")
    return found


def _rates(values: dict[str, Any], where: str) -> Rates:
    given: dict[str, str] = {}
    for name, value in values.items():
        if name not in _RATES:
            raise ConfigError(f"numbers.tariff: {where}: {name!r} is none of {', '.join(_RATES)}")
        if not isinstance(value, str):
            raise ConfigError(f'numbers.tariff: {where}: {name} is a text, like "0.80"')
        try:
            given[_RATES[name]] = rate(value, name)
        except InvalidError as error:
            raise ConfigError(f"numbers.tariff: {where}: {error.message}. {error.advice}") from None
    return Rates(**given)
