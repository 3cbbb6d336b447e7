"""`users.csv` as data: who moves, under which address in the target. Read strictly, written whole.

Excel's habits are accepted (a byte order mark, semicolons, blank lines at the end); everything else that is not
understood is an error with its line, and nothing is taken from a file that has one.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.project.cells import BYTE_ORDER_MARK, delimiter_of, plain_cell, safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

USERS_FILE = "users.csv"
COLUMNS = {
    "SourceAddress": "source_address",
    "TargetAddress": "target_address",
    "TargetSignIn": "target_sign_in",
    "TargetAlias": "target_alias",
    "TargetObject": "target_object",
    "PreviousMailbox": "previous_mailbox",
    "PreviousMailboxExport": "previous_mailbox_export",
    "PreviousMailboxAgreedBy": "previous_mailbox_agreed_by",
    "Wave": "wave",
    "Remark": "remark",
}
REQUIRED = ("SourceAddress", "TargetAddress")
NEW, CLEAR = "new", "clear"
MOST_PROBLEMS = 10
WAVE_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,19}"
_ADDRESS = re.compile(
    r"[^@\s\"<>,;()\[\]\\\x00-\x1f\x7f]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_ALIAS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@dataclass(frozen=True)
class UserRow:
    """One line of `users.csv`. An empty text means that the rules of `project.yaml` decide.

    Args:
        source_address: An address of the mailbox in the source tenant.
        target_address: Primary SMTP address in the target (USR-12), also what a batch names the user by (BAT-06).
        target_sign_in: User principal name in the target (USR-11).
        target_alias: Exchange alias in the target.
        target_object: `new`, or the object ID of the target object to be used: overrules the matching.
        previous_mailbox: `clear` asks for what remains of a previous mailbox to be cleared (USR-24).
        previous_mailbox_export: Where the copy of that mailbox's items lies; needed where it holds any.
        previous_mailbox_agreed_by: Who owns those items and agrees to their loss; needed where it holds any.
        wave: Name of the wave in which it moves; empty until waves are planned (PRM-08).
        remark: Free text.
        line: Line in the file, 0 for a row that is not from a file.
    """

    source_address: str
    target_address: str = ""
    target_sign_in: str = ""
    target_alias: str = ""
    target_object: str = ""
    previous_mailbox: str = ""
    previous_mailbox_export: str = ""
    previous_mailbox_agreed_by: str = ""
    wave: str = ""
    remark: str = ""
    line: int = 0


def load_users(folder: Path) -> tuple[UserRow, ...] | None:
    """The users of a project folder; None if there is no file.

    Args:
        folder: The project folder.

    Raises:
        ProjectFileError: The file is there and cannot be used; names each line.
    """
    path = folder / USERS_FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectFileError(
            f"{USERS_FILE} cannot be read ({error.strerror})", remedy="Close it in Excel, check its rights, try again."
        ) from None
    except UnicodeDecodeError:
        raise ProjectFileError(
            f"{USERS_FILE} is not UTF-8 text", remedy="In Excel, save it as: CSV UTF-8 (comma delimited)."
        ) from None
    return read_users(text)


def read_users(text: str) -> tuple[UserRow, ...]:
    """The rows of a `users.csv`.

    Args:
        text: Its content.

    Raises:
        ProjectFileError: It cannot be used; names each line.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    problems: list[str] = []
    rows: list[UserRow] = []
    try:
        names = _header(next(lines, []))
        begins = lines.line_num + 1  # a cell may go over several lines
        for cells in lines:
            if any(cell.strip() for cell in cells):
                rows += _row(names, cells, begins, problems)
            begins = lines.line_num + 1
    except csv.Error as error:
        problems.append(f"line {lines.line_num}: {error}")
    problems += _twice(rows)
    if problems:
        more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
        raise ProjectFileError(
            f"{USERS_FILE}: " + "; ".join(problems[:MOST_PROBLEMS]) + more,
            remedy=f"Correct these lines of {USERS_FILE}; nothing was taken from it.",
        )
    return tuple(rows)


def users_text(rows: Iterable[UserRow]) -> str:
    """The content of a `users.csv`, with every column, so that none that somebody wants to fill gets lost.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front, which reading takes off again.

    Args:
        rows: In the order of the file.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(getattr(row, field)) for field in COLUMNS.values()] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()


def _header(cells: list[str]) -> list[str]:
    known = {column.casefold(): field for column, field in COLUMNS.items()}
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    folded = [column.casefold() for column in columns]
    unknown = [column for column in columns if column.casefold() not in known]
    missing = [column for column in REQUIRED if column.casefold() not in folded]
    twice = sorted({column for column in columns if folded.count(column.casefold()) > 1})
    for found, what in ((unknown, "unknown column"), (missing, "missing column"), (twice, "column given twice")):
        if found:
            raise ProjectFileError(
                f"{USERS_FILE}, line 1: {what} {', '.join(repr(c) for c in found)}",
                remedy=f"The columns are {', '.join(COLUMNS)}; the first two must be there.",
            )
    return [known[column.casefold()] for column in columns]


def _row(names: list[str], cells: list[str], line: int, problems: list[str]) -> Iterator[UserRow]:
    if any(cell.strip() for cell in cells[len(names) :]):
        problems.append(f"line {line}: more cells than columns")
        return
    values = {name: plain_cell(cell.strip()) for name, cell in zip(names, cells, strict=False)}
    row = UserRow(**({"source_address": ""} | values), line=line)
    found = list(_wrong(row))
    problems += [f"line {line}: {problem}" for problem in found]
    if not found:
        yield row


def _wrong(row: UserRow) -> Iterator[str]:
    if not row.source_address:
        yield "SourceAddress is empty"
    for column in ("SourceAddress", "TargetAddress", "TargetSignIn"):
        value = getattr(row, COLUMNS[column])
        if value and not _ADDRESS.fullmatch(value):
            yield f"{column} {value!r} is not an address"
    if row.target_alias and not _ALIAS.fullmatch(row.target_alias):
        yield f"TargetAlias {row.target_alias!r} is not an alias"
    if row.target_object and row.target_object != NEW and not _is_guid(row.target_object):
        yield f"TargetObject is {row.target_object!r}; give {NEW}, or an object ID (a GUID)"
    if row.wave and not re.fullmatch(WAVE_NAME, row.wave):
        yield f"Wave is {row.wave!r}; give up to 20 letters, digits and hyphens"
    if row.previous_mailbox not in ("", CLEAR):
        yield f"PreviousMailbox is {row.previous_mailbox!r}; leave it empty, or write {CLEAR}"


def _is_guid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None


def _twice(rows: list[UserRow]) -> Iterator[str]:
    for column in ("SourceAddress", "TargetAddress", "TargetSignIn", "TargetAlias", "TargetObject"):
        seen: dict[str, int] = {}
        for row in rows:
            value = getattr(row, COLUMNS[column]).casefold()
            if not value or (column == "TargetObject" and value == NEW):
                continue
            if value in seen:
                yield f"line {row.line}: {column} {value!r} stands in line {seen[value]} too"
            seen.setdefault(value, row.line)


def from_columns(columns: Mapping[str, Any]) -> UserRow:
    """A row from the names of the file's columns: what `as_columns` gave.

    Args:
        columns: Column to value.
    """
    return UserRow(**{field: columns[column] for column, field in COLUMNS.items()}, line=columns["Line"])


def as_columns(row: UserRow) -> dict[str, str | int]:
    """A row by the names of the file's columns, with its line.

    Args:
        row: The row.
    """
    values = asdict(row)
    return {column: values[field] for column, field in COLUMNS.items()} | {"Line": row.line}
