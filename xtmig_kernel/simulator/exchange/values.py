"""Properties as Exchange writes them: typed annotations beside the value (shapes 3.2 [OBS], wire 1.5 [LIVE])."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def date_text(moment: datetime) -> str:
    """A moment with seven fraction digits and an offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def annotated(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the type annotations that the service sends.

    Args:
        row: Property name to value: text, bool, int, list, UUID, datetime, None, or another row or list of rows.
    """
    out: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            out[name] = annotated(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            out[f"{name}@odata.type"] = "#Collection(Exchange.GenericHashTable)"
            out[name] = [annotated(item) for item in value]
        elif isinstance(value, list):
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
