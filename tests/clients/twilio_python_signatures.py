"""twilio's own RequestValidator 9.13 on signed requests: a JSON file of them as argument, its verdicts as output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twilio.request_validator import RequestValidator  # type: ignore[import-not-found]
from twilio_python_support import play  # type: ignore[import-not-found]  # beside this script


class Form(dict[str, list[str]]):
    """A form with repeated names, as web frameworks give it to the validator."""

    def getlist(self, name: str) -> list[str]:
        """Return all values of a name."""
        return self[name]


def main(file: str) -> list[dict[str, Any]]:
    """Return for each request whether it is valid, what the SDK signs it with, and whether a changed one is valid."""
    verdicts = []
    for told in json.loads(Path(file).read_text()):
        validator, url, params = RequestValidator(told["token"]), told["url"], Form(told["params"])
        signature = told["signature"]
        verdicts.append(
            {
                "valid": validator.validate(url, params, signature),
                "computed": validator.compute_signature(url, params),
                "other_url": validator.validate(url + "x", params, signature),
                "other_token": RequestValidator(told["token"] + "0").validate(url, params, signature),
            }
        )
    return verdicts


if __name__ == "__main__":
    play(main)
