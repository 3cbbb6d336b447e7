"""The Filter parameter: clauses of -eq, -ne and -like joined by -and (cmdlet reference [SRC]; the rest answers 501)."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

from xtmig_kernel.simulator.http import UnsupportedRequest

_CLAUSE = re.compile(r"\s*(\w+)\s+-(eq|ne|like)\s+(?:'((?:[^']|'')*)'|\"([^\"]*)\"|(\$true|\$false))\s*", re.IGNORECASE)


def filtered(rows: list[dict[str, Any]], text: str | None) -> list[dict[str, Any]]:
    """The rows that a filter lets through.

    Args:
        rows: Property name to value.
        text: The filter, or None for all.

    Raises:
        UnsupportedRequest: The filter says more than this module understands.
    """
    for clause in _clauses(text):
        found = _CLAUSE.fullmatch(clause)
        if not found:
            raise UnsupportedRequest(f"filter {text}")
        name, operator, single, double, switch = found.groups()
        value = single.replace("''", "'") if single is not None else double or (switch or "").lstrip("$")
        rows = [row for row in rows if _fits(row, name, operator.lower(), value.lower())]
    return rows


def _clauses(text: str | None) -> list[str]:
    if not text:
        return []
    bare = text.strip()
    while bare.startswith("(") and bare.endswith(")") and bare.count("(") == 1:
        bare = bare[1:-1]
    return re.split(r"\s+-and\s+", bare, flags=re.IGNORECASE)


def _fits(row: dict[str, Any], name: str, operator: str, value: str) -> bool:
    present = row.get(name) if name in row else next((v for k, v in row.items() if k.lower() == name.lower()), None)
    texts = [str(item).lower() for item in present] if isinstance(present, list) else [_text(present)]
    if operator == "ne":
        return value not in texts
    return any(fnmatch.fnmatchcase(text, value) if operator == "like" else text == value for text in texts)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower()
