"""Tables as CSV that is safe to open in a spreadsheet: what an archive keeps whole beside its page. Pure."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from xtmig_kernel.report.words import APPROVALS, OUTCOMES, VERDICTS, plain_value, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xtmig_kernel.report.model import ChangeFact, FindingFact, PlannedFact

BYTE_ORDER_MARK = "\ufeff"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"-?[0-9]{1,15}")

CHANGE_COLUMNS = (
    "title", "subject", "side", "before", "after", "call", "outcome", "error", "why", "what to do", "request ids",
    "approver", "undo", "begun at", "run", "hash",
)  # fmt: skip
PLANNED_COLUMNS = ("title", "subject", "side", "before", "after", "call", "level", "approval", "undo", "hash")
FINDING_COLUMNS = (
    "rule", "title", "side", "subject", "verdict", "seen", "expected", "why", "waits for", "until", "what to do",
    "step that mends it", "statements", "step", "at",
)  # fmt: skip


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """A table as CSV: a byte order mark for Excel, CRLF, no cell that a spreadsheet takes for a formula.

    Args:
        columns: Headings.
        rows: Cells as text or whole numbers.
    """
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(column) for column in columns])
    writer.writerows([cell if isinstance(cell, int) else harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that could be gets a leading apostrophe.

    Args:
        cell: The text.
    """
    shielded = f"'{cell}" if _FORMULA.match(cell) else cell
    return str(visible(shielded))


def rows_of(text: str) -> list[tuple[str | int, ...]]:
    """The rows of a table that `csv_text` made, without its headings; what shields a formula is taken off again.

    Args:
        text: The whole file.

    Raises:
        ValueError: It is no such table.
    """
    if not text.startswith(BYTE_ORDER_MARK):
        raise ValueError("the byte order mark is missing")
    try:
        _, *rows = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return [tuple(map(_cell, row)) for row in rows]


def _cell(cell: str) -> str | int:
    if _NUMBER.fullmatch(cell) and str(int(cell)) == cell:
        return int(cell)
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def changes_csv(changes: Iterable[ChangeFact]) -> str:
    """`artifacts/changes-STEP.csv`: what became of every change of a step, one a line.

    Args:
        changes: Those of the step.
    """
    return csv_text(
        CHANGE_COLUMNS,
        (
            (
                change.title,
                change.subject,
                change.side,
                attributes_text(change.before),
                attributes_text(change.after),
                "\n".join(change.lines),
                OUTCOMES[change.outcome].text,
                change.error or "",
                change.cause or "",
                change.remedy or "",
                " ".join(change.request_ids),
                change.approver or "",
                change.undo,
                change.at,
                change.run,
                change.hash,
            )
            for change in changes
        ),
    )


def planned_csv(changes: Iterable[PlannedFact]) -> str:
    """`artifacts/planned-STEP.csv`: every change of a step's last plan that was not made.

    Args:
        changes: Those of the step.
    """
    return csv_text(
        PLANNED_COLUMNS,
        (
            (
                change.title,
                change.subject,
                change.side,
                attributes_text(change.before),
                attributes_text(change.after),
                "\n".join(change.lines),
                change.level,
                APPROVALS[change.approval].text,
                change.undo,
                change.hash,
            )
            for change in changes
        ),
    )


def findings_csv(findings: Iterable[FindingFact]) -> str:
    """`artifacts/findings.csv`: every finding of the project, one a line.

    Args:
        findings: All of them.
    """
    return csv_text(
        FINDING_COLUMNS,
        (
            (
                finding.rule,
                finding.title,
                finding.side or "",
                finding.subject,
                VERDICTS[finding.verdict].text,
                finding.seen,
                finding.expected,
                ": ".join(part for part in (finding.reason, finding.detail) if part),
                finding.waits_for or "",
                finding.until or "",
                finding.remedy or finding.instruction or "",
                finding.remedy_step or "",
                " ".join(finding.statements),
                finding.step or "",
                finding.at,
            )
            for finding in findings
        ),
    )


def attributes_text(values: Mapping[str, Any] | None) -> str:
    """The attributes of a change as one text: `Name: value; Name: value`; empty where the object is absent.

    Args:
        values: `before` or `after` of a change.
    """
    return "; ".join(f"{name}: {plain_value(value)}" for name, value in (values or {}).items())
