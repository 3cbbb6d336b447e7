"""Whether a call to Exchange Online is one that Microsoft's reference documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCUMENTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("documented_parameters.json").read_text(encoding="utf-8")
)
"""Of each cmdlet that xtmig calls: the parameters that Microsoft's reference documents for Exchange Online, in the one
parameter set that a cross-tenant move uses, with their types; `[]` marks those that take several values."""


def problems_of(cmdlet: str, parameters: dict[str, Any]) -> list[str]:
    """How a call differs from what is documented."""
    if cmdlet not in DOCUMENTED:
        return [f"{cmdlet} is not in the table of documented cmdlets"]
    known = DOCUMENTED[cmdlet]["parameters"]
    found = [f"{cmdlet} lacks -{name}" for name in DOCUMENTED[cmdlet]["required"] if name not in parameters]
    for name, value in parameters.items():
        if name not in known:
            found.append(f"{cmdlet} has no -{name}")
        elif not _fits(known[name], value):
            found.append(f"{cmdlet} -{name} is {known[name]}, not {value!r}")
    return found


def _fits(kind: str, value: Any) -> bool:
    if kind in ("Boolean", "SwitchParameter"):
        return isinstance(value, bool)
    if kind in ("PSCredential", "SecureString", "Byte[]"):  # of which the record keeps a fingerprint alone
        return isinstance(value, dict) and set(value) == {"$expr"}
    if kind.endswith("[]"):
        return all(isinstance(part, list) and all(isinstance(item, str) for item in part) for part in _parts(value))
    return isinstance(value, str) and bool(value)


def _parts(value: Any) -> list[Any]:
    """The lists of a value that takes several: itself, or what a hashtable adds and removes."""
    if not isinstance(value, dict):
        return [value]
    named = {name: part for name, part in value.items() if name != "@odata.type"}
    return list(named.values()) if named and set(named) <= {"Add", "Remove"} else [None]
