"""The Filter parameter: clauses of -eq, -ne and -like joined by -and (cmdlet reference [SRC]; the rest answers 501)."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import Any

from xtmig_kernel.simulator.http import UnsupportedRequest

_CLAUSE = re.compile(r"\s*(\w+)\s+-(eq|ne|like)\s+(?:'((?:[^']|'')*)'|\"([^\"]*)\"|(\$true|\$false))\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """One comparison; name, operator and value are in lower case."""

    name: str
    operator: str
    value: str


def parsed(text: str | None) -> list[Clause]:
    """The clauses of a filter, all of which must hold.

    Args:
        text: The filter, or None.

    Raises:
        UnsupportedRequest: The filter says more than this module understands.
    """
    clauses = []
    for part in _parts(text):
        found = _CLAUSE.fullmatch(part)
        if not found:
            raise UnsupportedRequest(f"filter {text}")
        name, operator, single, double, switch = found.groups()
        value = single.replace("''", "'") if single is not None else double or (switch or "").lstrip("$")
        clauses.append(Clause(name.lower(), operator.lower(), value.lower()))
    return clauses


def fits(row: dict[str, Any], clauses: list[Clause]) -> bool:
    """Whether a row passes all clauses.

    Args:
        row: Property name in lower case to value.
        clauses: What must hold.
    """
    return all(_passes(row.get(clause.name), clause) for clause in clauses)


def _passes(present: Any, clause: Clause) -> bool:
    texts = [str(item).lower() for item in present] if isinstance(present, list) else [_text(present)]
    if clause.operator == "ne":
        return clause.value not in texts
    if clause.operator == "like":
        return any(fnmatch.fnmatchcase(text, clause.value) for text in texts)
    return clause.value in texts


def _parts(text: str | None) -> list[str]:
    if not text:
        return []
    bare = text.strip()
    while bare.startswith("(") and bare.endswith(")") and bare.count("(") == 1:
        bare = bare[1:-1]
    return re.split(r"\s+-and\s+", bare, flags=re.IGNORECASE)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower()
