"""What steps made besides changes, as the ledger tells it: exhibits, and files of the project folder. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.report.history import SETTLED_STATES, steps
from xtmig_kernel.report.model import AccountFact, ExhibitFact, FileFact, PlannedFileFact
from xtmig_kernel.report.places import exhibit_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.store import Entry

MOST_ROWS = 200
ACCOUNT, ACCOUNT_COLUMN = "account", "Account"
ACCOUNT_STATES = {"completed": "completed", "excluded": "excluded", "failed": "failed", "still to move": "open"}
"""What the account's table says of a mailbox, and the part of the sum that it belongs to."""


def exhibits(entries: Sequence[Entry], run: str) -> list[ExhibitFact]:
    """The last exhibit of each name, by step and then by name; with no more than the first 200 rows.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last = {entry.data["name"]: entry for entry in entries if entry.kind == "exhibit"}
    ordered = sorted(last.values(), key=lambda entry: (entry.step or "", entry.data["name"]))
    return [
        ExhibitFact(
            name=entry.data["name"],
            caption=entry.data["caption"],
            kind=entry.data.get("kind", "table"),
            columns=tuple(entry.data["columns"]),
            number_of_rows=len(entry.data["rows"]),
            rows=tuple(tuple(map(_cell, row)) for row in entry.data["rows"][:MOST_ROWS]),
            artifact=exhibit_file(entry.data["name"]),
            step=entry.step,
            at=entry.at,
            run=entry.run,
            this_run=entry.run == run,
        )
        for entry in ordered
    ]


def account(entries: Sequence[Entry], run: str) -> AccountFact | None:
    """The account of mailboxes, counted from the last exhibit of that name; None where no step has shown one.

    What is no account that can be counted is none, which checking an archive tells.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last = next((e for e in reversed(entries) if e.kind == "exhibit" and e.data["name"] == ACCOUNT), None)
    if last is None:
        return None
    try:
        counts = account_counts(last.data["columns"], last.data["rows"])
    except ValueError:
        return None
    return AccountFact(**counts, step=last.step, at=last.at, run=last.run, this_run=last.run == run)


def account_counts(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, int]:
    """How many mailboxes are in scope, and in each state.

    Args:
        columns: Headings of the account's table.
        rows: All its rows.

    Raises:
        ValueError: It is no account: a heading is missing, or a state is none that is known.
    """
    place = list(columns).index(ACCOUNT_COLUMN)
    counts = dict.fromkeys(ACCOUNT_STATES.values(), 0)
    for row in rows:
        if row[place] not in ACCOUNT_STATES:
            raise ValueError(f"{row[place]!r} is no state of a mailbox")
        counts[ACCOUNT_STATES[str(row[place])]] += 1
    return {"in_scope": len(rows)} | counts


def completed(entries: Sequence[Entry]) -> dict[str, str]:
    """Since when the account of mailboxes has known that a mailbox is completed, by its addresses, casefolded.

    Args:
        entries: Entries in their order.
    """
    last = next((e for e in reversed(entries) if e.kind == "exhibit" and e.data["name"] == ACCOUNT), None)
    if last is None or account(entries, "") is None:
        return {}
    place = list(last.data["columns"]).index(ACCOUNT_COLUMN)
    done = [row for row in last.data["rows"] if ACCOUNT_STATES[str(row[place])] == "completed"]
    return {cell.casefold(): last.at for row in done for cell in row if isinstance(cell, str) and "@" in cell}


def exhibit_rows(entries: Sequence[Entry]) -> dict[str, list[tuple[str | int, ...]]]:
    """All rows of the last exhibit of each name.

    Args:
        entries: Entries in their order.
    """
    last = {entry.data["name"]: entry.data["rows"] for entry in entries if entry.kind == "exhibit"}
    return {name: [tuple(map(_cell, row)) for row in rows] for name, rows in last.items()}


def _cell(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return "" if value is None else str(value)


def files(entries: Sequence[Entry], run: str) -> list[FileFact]:
    """Files that steps wrote into the project folder, each by its last writing.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last = {entry.data["name"]: entry for entry in entries if entry.kind == "file_written"}
    return [
        FileFact(
            name=name,
            about=last[name].data.get("about") or "",
            size=last[name].data["bytes"],
            sha256=last[name].data["sha256"],
            step=last[name].step,
            at=last[name].at,
            run=last[name].run,
            this_run=last[name].run == run,
        )
        for name in sorted(last)
    ]


def planned_files(entries: Sequence[Entry], run: str) -> list[PlannedFileFact]:
    """Files of the last plan of each step that were not written since.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    plans = {entry.step: entry for entry in entries if entry.kind == "planned" and entry.step is not None}
    written = {entry.data["name"]: entry.seq for entry in entries if entry.kind == "file_written"}
    settled = {step.id for step in steps(entries, run) if step.state in SETTLED_STATES}
    return [
        PlannedFileFact(
            name=file["name"], about=file.get("about") or "", step=step, run=plan.run, this_run=plan.run == run
        )
        for step, plan in sorted(plans.items())
        if step not in settled
        for file in plan.data.get("files") or ()
        if written.get(file["name"], 0) < plan.seq
    ]
