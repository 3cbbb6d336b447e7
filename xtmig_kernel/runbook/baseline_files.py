"""The baseline of step 160.3: what a wave's mailboxes hold, who has rights on them, how they are set, as files. Pure.

It is taken while the wave is due and nobody has asked for its completion: after the last synchronisation, and again if
another one came after it. What was recorded of mailboxes that are completed, or about to be, stays as it is. Settings
that cannot be read hold nothing back: what the other tables tell is written, and what was recorded earlier is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.project.baseline import KINDS, SETTINGS, baseline_name, baseline_text
from xtmig_kernel.rules import baseline_settings
from xtmig_kernel.rules.completion import BASELINES, unrecorded
from xtmig_kernel.rules.gate import GATE_FACTS, at_gate
from xtmig_kernel.rules.mailbox_settings import COLUMNS, TABLES, settings_of
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.project.baseline import Kind
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.gate import AtGate

COUNTS, RIGHTS = "source.folder_counts", "source.mailbox_permissions"
BASELINE_FACTS = (*GATE_FACTS, *BASELINES, COUNTS, RIGHTS)
_FROM: dict[Kind, tuple[str, str]] = {"folders": (COUNTS, BASELINES[0]), "permissions": (RIGHTS, BASELINES[1])}
_ABOUT: dict[Kind, str] = {
    "folders": "What each folder of the wave's mailboxes held in the source just before the cutover.",
    "permissions": "Who had which rights on the wave's mailboxes in the source just before the cutover.",
}
_ORDER = ("Mailbox", "Archive", "Scope", "Folder", "Place", "Trustee", "Right")


def baseline_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The files of each wave that is due and lacks a fresh baseline; none of what could not be counted or read.

    Args:
        seen: Holds `BASELINE_FACTS`; settings where they were observed.
        project: Its waves.
    """
    found: list[ProjectFile] = []
    for gate in at_gate(seen, project):
        if gate.is_due(seen.now):
            lacking = bool(unrecorded(gate, seen))
            found += _settings_files(gate, seen, again=lacking)
            found += [_file(kind, gate, seen) for kind in KINDS if lacking and _counted(gate, seen)]
    return tuple(found)


def _guids(gate: AtGate) -> set[str]:
    return {str(moving.source["ExchangeGuid"]) for moving in gate.users if moving.source is not None}


def _counted(gate: AtGate, seen: Seen) -> list[Row]:
    guids = _guids(gate)
    return [row for row in seen.rows(COUNTS) if str(row["ExchangeGuid"]) in guids]


def _file(kind: Kind, gate: AtGate, seen: Seen) -> ProjectFile:
    now, before = _FROM[kind]
    guids = _guids(gate)
    taken = {"Wave": gate.name, "TakenAt": as_text(seen.facts[now].at)}
    rows: list[dict[str, Any]] = [{**taken, **row} for row in seen.rows(now) if str(row["ExchangeGuid"]) in guids]
    rows += [dict(row) for row in seen.rows(before) if _is_of(row, gate) and str(row["ExchangeGuid"]) not in guids]
    text = baseline_text(BY_NAME[before.partition(".")[2]].columns, _sorted(rows))
    return ProjectFile(baseline_name(gate.name, kind), text, _ABOUT[kind])


def _settings_files(gate: AtGate, seen: Seen, *, again: bool) -> list[ProjectFile]:
    """The settings of a wave that has none recorded, or whose baseline is taken again."""
    if not seen.has(baseline_settings.SETTINGS) or not (again or baseline_settings.can_be_recorded(gate, seen)):
        return []
    now = settings_of(seen, "source", _guids(gate))
    if not now:
        return []
    before = {str(row["ExchangeGuid"]): row for row in seen.rows(baseline_settings.SETTINGS) if _is_of(row, gate)}
    taken = min(fact.at for table in TABLES if (fact := seen.facts.get(f"source.{table}")))
    labels = {str(m.source["ExchangeGuid"]): m.source["PrimarySmtpAddress"] for m in gate.users if m.source is not None}
    columns = BY_NAME["baseline_settings"].columns
    rows: list[dict[str, Any]] = [dict(row) for guid, row in before.items() if guid not in now]
    for guid, row in now.items():
        earlier = before.get(guid, {"Known": ()})
        kept = [table for table in TABLES if table in earlier["Known"] and table not in row["Known"]]
        entry = {"Wave": gate.name, "TakenAt": as_text(taken), "Mailbox": labels[guid], **row}
        entry |= {column: earlier[column] for table in kept for column in COLUMNS[table]}
        entry["Known"] = [table for table in TABLES if table in (*row["Known"], *kept)]
        rows.append({column: entry.get(column) for column in columns})
    about = "How the wave's mailboxes were set in the source just before the cutover."
    return [ProjectFile(baseline_name(gate.name, SETTINGS), baseline_text(columns, _sorted(rows)), about)]


def _is_of(row: Row, gate: AtGate) -> bool:
    return str(row["Wave"]).casefold() == gate.name.casefold()


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: tuple(str(row.get(column, "")).casefold() for column in _ORDER))


def baseline_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """One line for each mailbox and archive of the waves at the gate, as it was counted just now.

    Args:
        seen: Holds `BASELINE_FACTS`.
        project: Its waves.
    """
    rows = [line for gate in at_gate(seen, project) for line in _lines(gate, seen)]
    columns = ("Wave", "Mailbox", "Store", "Folders", "Items", "Recoverable items", "Bytes", "Rights")
    caption = "What the mailboxes of the next cutover hold in the source now, recoverable items told apart."
    return (Exhibit("baseline", caption, columns, tuple(rows)),) if rows else ()


def _lines(gate: AtGate, seen: Seen) -> list[tuple[str | int, ...]]:
    rights: dict[str, int] = {}
    for row in seen.rows(RIGHTS):
        if not row["Inherited"] and row["TrusteeKind"] != "Self":
            rights[str(row["ExchangeGuid"])] = rights.get(str(row["ExchangeGuid"]), 0) + 1
    stores: dict[tuple[str, bool], list[Row]] = {}
    for row in _counted(gate, seen):
        stores.setdefault((str(row["ExchangeGuid"]), bool(row["Archive"])), []).append(row)
    return [
        (
            gate.name,
            str(rows[0]["Mailbox"]),
            "archive" if archive else "mailbox",
            sum(row["Scope"] == "visible" for row in rows),
            _sum(rows, "Items", "visible"),
            _sum(rows, "Items", "recoverable"),
            _sum(rows, "Bytes", "visible", "recoverable"),
            "" if archive else rights.get(guid, 0),
        )
        for (guid, archive), rows in stores.items()
    ]


def _sum(rows: list[Row], column: str, *scopes: str) -> str | int:
    found = [row[column] for row in rows if row["Scope"] in scopes]
    return "not counted" if any(value is None for value in found) else sum(int(value) for value in found)
