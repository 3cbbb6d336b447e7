"""What scripts reported that a person ran: never more than a report. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xtmig_kernel.report.history import SETTLED_STATES
from xtmig_kernel.report.model import ReportedChange, ReportedRead, ScriptReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.store import Entry

_HEAD = ("name", "section", "side", "tenant_id", "account", "plan", "sha256", "error", "began", "ended")


def reported(entries: Sequence[Entry]) -> list[ScriptReport]:
    """Every report of a script, in the order in which they were read.

    Args:
        entries: Entries in their order.
    """
    ends = {str(entry.step): entry for entry in entries if entry.kind == "step_ended"}
    return [
        ScriptReport(
            **{name: entry.data[name] for name in _HEAD},
            confirmed=tuple(entry.data["confirmed"]),
            changes=tuple(
                ReportedChange(
                    **{**item, "calls": tuple(item["calls"]), "seen": tuple(item["seen"])},
                    since=_since(ends.get(item["step"]), entry),
                )
                for item in entry.data["changes"]
            ),
            reads=tuple(ReportedRead(**item) for item in entry.data["reads"]),
            at=entry.at,
        )
        for entry in entries
        if entry.kind == "script_reported"
    ]


def _since(end: Entry | None, report: Entry) -> Literal["not looked", "nothing left to change", "not right yet"]:
    """What xtmig itself has come to after the report; only that is an observation."""
    if end is None or end.seq < report.seq:
        return "not looked"
    return "nothing left to change" if end.data["state"] in SETTLED_STATES else "not right yet"
