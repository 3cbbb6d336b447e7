"""What has changed between two snapshots, as tables of notebook 040. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xtmig_kernel.jupyter.data_tables import Column, DataTable
from xtmig_kernel.report.words import SIDES, VERDICTS, Word

if TYPE_CHECKING:
    from xtmig_kernel.rules.drift_of_snapshots import Drift

STATES: dict[str, Word] = {
    "new": Word("+", "new", "bad"),
    "changed": Word("~", "changed", "warn"),
    "no longer observed": Word("○", "no longer observed", "none"),
    "observed for the first time": Word("●", "observed for the first time", "plan"),
    "no longer listed": Word("–", "no longer listed", "none"),
    "fixed": Word("✓", "fixed", "ok"),
}
"""What has become of a finding; those that are unchanged are a number on the card."""
KINDS: dict[str, Word] = {
    "changed": Word("~", "changed", "warn"),
    "appeared": Word("+", "appeared", "plan"),
    "vanished": Word("−", "vanished", "bad"),
}
_ALL = "xtmig assess --since writes all of them as JSON or CSV; this notebook, opened in JupyterLab, shows each."


def drifted_findings(drift: Drift) -> DataTable:
    """One line for each finding that is not as it was.

    Args:
        drift: The comparison of two snapshots.
    """
    rows = tuple(
        (
            STATES[item.state],
            item.subject,
            item.title,
            _side(item.side),
            _verdict(item.before),
            _verdict(item.after),
            item.seen,
        )
        for item in drift.findings
        if item.state in STATES
    )
    columns = (
        Column("What", tuple(STATES.values())),
        Column("About"),
        Column("What must hold", few=True),
        Column("Side", few=True, side=True),
        Column("Then", few=True),
        Column("Now", few=True),
        Column("What was seen"),
    )
    return DataTable("drift-findings", "Findings that are not as they were.", columns, rows, _ALL)


def drifted_attributes(drift: Drift) -> DataTable:
    """One line for each attribute that is another one now, and for each object that appeared or vanished.

    Args:
        drift: The comparison of two snapshots.
    """
    rows = tuple(
        (
            KINDS[item.kind],
            _side(item.side),
            item.object,
            item.table.replace("_", " "),
            item.column,
            _value(item.before) if item.column else "",
            _value(item.after) if item.column else "",
        )
        for item in drift.changes
    )
    columns = (
        Column("What", tuple(KINDS.values())),
        Column("Side", few=True, side=True),
        Column("Object"),
        Column("Table", few=True),
        Column("Attribute", few=True),
        Column("Then"),
        Column("Now"),
    )
    caption = "Attributes that are not as they were, of objects of users who move."
    return DataTable("drift-attributes", caption, columns, rows, _ALL)


def _side(side: str | None) -> str:
    return f"{SIDES[side].symbol} {SIDES[side].text}" if side in SIDES else "both"


def _verdict(kind: str) -> str:
    word = VERDICTS.get(kind)
    return f"{word.symbol} {word.text}" if word else ""


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(one) for one in value)
    if value is None or isinstance(value, str):
        return value or "not set"
    return json.dumps(value, ensure_ascii=False, default=str)
