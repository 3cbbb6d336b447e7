"""Properties as Exchange writes them: typed annotations beside the value (shapes 3.2 [OBS], wire 1.5 [LIVE])."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

_UNITS = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)", re.IGNORECASE)


@lru_cache(2**12)
def size_text(text: str) -> str:
    """A size as Exchange prints it: `99 GB (106,300,440,576 bytes)`; `Unlimited` stays.

    Args:
        text: A number and a unit.

    Raises:
        ValueError: It is neither.
    """
    if text.lower() == "unlimited":
        return "Unlimited"
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size such as '42 GB'")
    number, unit = found.groups()
    return f"{number} {unit.upper()} ({round(float(number) * _UNITS[unit.upper()]):,} bytes)"


def date_text(moment: datetime) -> str:
    """A moment with seven fraction digits and an offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def annotated(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the type annotations that the service sends.

    Args:
        row: Property name to value: text, bool, int, list, UUID, datetime or None.
    """
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):
            out[f"{name}@odata.type"] = "#Collection(String)"
            out[name] = value
        elif isinstance(value, UUID):
            out[f"{name}@data.type"] = "System.Guid"
            out[f"{name}@odata.type"] = "#Guid"
            out[name] = str(value)
        elif isinstance(value, datetime):
            out[f"{name}@data.type"] = "System.DateTime"
            text = date_text(value)
            out[name] = text.replace("+00:00", "Z") if name.endswith("UTC") else text
        elif isinstance(value, int) and not isinstance(value, bool):
            out[f"{name}@data.type"] = "System.Int32"
            out[name] = value
        else:
            out[name] = value
    return out
