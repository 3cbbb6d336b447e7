"""`baseline/<wave>-folders.csv`, `-permissions.csv` and `-settings.csv`: a wave's mailboxes just before the cutover.

After the cutover nobody can read it any more, for the source mailbox is gone. The files are written by step 160.3 and
read strictly: a line that is not understood is an error, and nothing is taken from a file that has one. Folders and
permissions go together; the settings may be missing, for a completion does not wait for them.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.clock import from_text
from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.project.cells import BYTE_ORDER_MARK, delimiter_of, plain_cell, safe_cell
from xtmig_kernel.project.users import MOST_PROBLEMS, WAVE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Kind = Literal["folders", "permissions", "settings"]
KINDS: tuple[Kind, ...] = ("permissions", "folders")
"""In the order in which they are written: the folders come last, so that where they are, the permissions are too."""
SETTINGS: Kind = "settings"
"""The file that may be missing."""
FOLDER = "baseline"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRUTH = {"true": True, "false": False}


def baseline_name(wave: str, kind: Kind) -> str:
    """The file's path below the project folder.

    Args:
        wave: Name of the wave.
        kind: What it holds.
    """
    return f"{FOLDER}/{wave}-{kind}.csv"


def baseline_text(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The content of a baseline file; a cell that a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        columns: The columns of table `baseline_folders`, `baseline_permissions` or `baseline_settings`.
        rows: Rows of that table, in the order of the file.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([safe_cell(_as_cell(row[column])) for column in columns] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()


def _as_cell(value: Any) -> str:
    """A value as a cell; of a list each item is a line of its own within it."""
    if isinstance(value, list | tuple):
        return "\n".join(" ".join(str(item).split("\n")) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def load_baselines(folder: Path, kind: Kind, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """All lines of all waves' files of one kind; none where no baseline was taken yet.

    Args:
        folder: The project folder.
        kind: Which files.
        columns: The columns of their table, with the types.

    Raises:
        ProjectFileError: One is there and cannot be used, or its other half is missing; names each line.
    """
    rows: list[dict[str, Any]] = []
    for wave in _waves(folder, kind):
        name = baseline_name(wave, kind)
        rows += read_baseline(_content(folder, name), name, wave, columns)
    return rows


def _waves(folder: Path, kind: Kind) -> list[str]:
    """The waves that have a baseline: those whose folders were counted, which is written last; settings stand alone."""
    ending = f"-{kind}.csv" if kind == SETTINGS else "-folders.csv"
    names = [path.name.removesuffix(ending) for path in (folder / FOLDER).glob(f"*{ending}")]
    return sorted(name for name in names if re.fullmatch(WAVE_NAME, name))


def _content(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectFileError(
            f"{name} is missing, though the folders of its wave were counted",
            remedy="Put it back from the report of that run; or, if the wave is not completed yet, delete its other "
            f"files in {FOLDER} and apply step 160.3 again.",
        ) from None
    except OSError as error:
        raise ProjectFileError(
            f"{name} cannot be read ({error.strerror})", remedy="Close it in Excel, check its rights, try again."
        ) from None
    except UnicodeDecodeError:
        raise _damaged(name, ["not UTF-8 text"]) from None


def read_baseline(text: str, name: str, wave: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a baseline file.

    Args:
        text: Its content.
        name: Its path, for errors.
        wave: The wave that its name says.
        columns: The columns of its table, with the types.

    Raises:
        ProjectFileError: It cannot be used; names each line.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    problems: list[str] = []
    rows: list[dict[str, Any]] = []
    try:
        if next(lines, []) != list(columns):
            raise _damaged(name, [f"line 1: the columns must be {', '.join(columns)}"])
        begins = lines.line_num + 1  # a cell may go over several lines
        for cells in lines:
            if any(cells):
                rows += _row(cells, columns, wave, f"line {begins}", problems)
            begins = lines.line_num + 1
    except csv.Error as error:
        problems.append(f"line {lines.line_num}: {error}")
    if problems:
        raise _damaged(name, problems)
    return rows


def _damaged(name: str, problems: list[str]) -> ProjectFileError:
    more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
    return ProjectFileError(
        f"{name}: " + "; ".join(problems[:MOST_PROBLEMS]) + more,
        remedy="Somebody has worked on it; nothing was taken from it. Put it back from the report of its run.",
    )


def _row(
    cells: list[str], columns: Mapping[str, str], wave: str, place: str, problems: list[str]
) -> Iterator[dict[str, Any]]:
    if len(cells) != len(columns):
        problems.append(f"{place}: {len(cells)} cells for {len(columns)} columns")
        return
    row: dict[str, Any] = {}
    for (column, kind), cell in zip(columns.items(), cells, strict=True):
        try:
            row[column] = _value(plain_cell(cell), kind)
        except ValueError:
            problems.append(f"{place}: {column} {cell!r} is no {kind}")
    if len(row) < len(columns):
        return
    problem = _wrong(row, wave)
    if problem:
        problems.append(f"{place}: {problem}")
    else:
        yield row


def _value(text: str, kind: str) -> Any:
    """A cell as its column's type; an empty one is unknown, save in a text.

    Raises:
        ValueError: It is none.
    """
    if kind == "text":
        return text
    if kind == "list of text":
        return text.split("\n") if text else []
    if not text:
        return None
    if kind == "bool" and text.casefold() in _TRUTH:
        return _TRUTH[text.casefold()]
    if kind == "int" and text.isascii() and text.isdigit():
        return int(text)
    if kind == "guid" and _GUID.fullmatch(text.casefold()):
        return text.casefold()
    if kind == "time":
        from_text(text)
        return text
    raise ValueError(text)


def _wrong(row: Mapping[str, Any], wave: str) -> str:
    if str(row["Wave"]).casefold() != wave.casefold():
        return f"Wave is {row['Wave']!r} in a file of {wave}"
    missing = [column for column in ("TakenAt", "ExchangeGuid") if row[column] is None]
    return f"{' and '.join(missing)} must not be empty" if missing else ""
