"""How the chosen users' mailboxes are laid out in folders (failure 54), and what each calls its calendar.

One answer of Get-MailboxFolderStatistics tells both (facts F-78 and F-87). It may list some thousand folders, so only
four properties are asked for, and of each answer no more is held than what is counted here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from xtmig_kernel.counting import counted
from xtmig_kernel.errors import AccessDenied, ServiceError
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.many import ask_many, make_of_many, rows_or_none
from xtmig_kernel.inventory.moves import int_or_none
from xtmig_kernel.inventory.recipients import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

CMDLET = "Get-MailboxFolderStatistics"
PROPERTIES = ("Name", "FolderPath", "FolderType", "ItemsInFolder")
ONLY_CALENDARS = {"FolderScope": "Calendar"}
TOP = "/"
_RECOVERABLE, _ALSO_RECOVERABLE = "RecoverableItems", ("Audits", "CalendarLogging")
"""How FolderType names the folders of Recoverable Items (fact F-87)."""
_MOVING = tuple(f"{_RECOVERABLE}{name}" for name in ("Deletions", "Versions", "Purges"))
"""Those of them that move (CNT-02)."""
_NOT_TOLD = {
    "Folders": None,
    "MostItems": None,
    "MostItemsFolder": None,
    "MostRecoverableItems": None,
    "MostRecoverableFolder": None,
    "MostSubfolders": None,
    "MostSubfoldersFolder": None,
    "Depth": None,
}


class Folders(NamedTuple):
    """What is made of the list of a mailbox's folders.

    Attributes:
        calendar: The name of its calendar, an empty text where it has none.
        shape: The columns of `folder_shapes` that tell of folders.
    """

    calendar: str
    shape: Row


def folder_shapes(context: ReadContext) -> tuple[str, list[Row]]:
    """One row for each chosen user's mailbox; one that did not tell its folders has no numbers.

    Raises:
        ServiceError: Not a single mailbox told.
    """
    mine = mailboxes_of_chosen(context)
    rows: list[Row] = [
        {
            "ExchangeGuid": row["ExchangeGuid"],
            "Mailbox": row["PrimarySmtpAddress"],
            **(_NOT_TOLD if isinstance(found, ServiceError) else found.shape),
        }
        for row, found in zip(mine, _all_folders(context), strict=True)
    ]
    return f"{CMDLET} of {counted(len(mine), 'mailbox', 'mailboxes')}", rows


def calendar_names(context: ReadContext) -> list[str | None]:
    """What the chosen users' mailboxes call their calendar: empty where there is none, None where that was refused.

    In the source they are found among all folders, which `folder_shapes` needs too. A mailbox whose folders are too
    many to be listed in time still tells its calendar by itself; where folders are denied, the calendar is too.

    Args:
        context: The side.
    """
    mine = mailboxes_of_chosen(context)
    names: list[str | None] = [None] * len(mine)
    left = list(range(len(mine)))
    if context.side == "source":
        found = _folders_or_errors(context, len(mine))
        names = [None if isinstance(one, ServiceError) else one.calendar for one in found]
        left = [n for n in left if isinstance(found[n], ServiceError) and not isinstance(found[n], AccessDenied)]
    calls = [(CMDLET, {"Identity": mine[n]["PrimarySmtpAddress"], **ONLY_CALENDARS}) for n in left]
    try:
        answers = [rows_or_none(answer) for answer in ask_many(context, calls)]
    except ServiceError:
        return names
    for number, rows in zip(left, answers, strict=True):
        names[number] = None if rows is None else _calendar(rows)
    return names


def _folders_or_errors(context: ReadContext, number: int) -> list[Folders | ServiceError]:
    try:
        return _all_folders(context)
    except ServiceError as error:
        return [error] * number


def _all_folders(context: ReadContext) -> list[Folders | ServiceError]:
    """Of each of `mailboxes_of_chosen`; asked once, and in a collection kept for the table that asks next."""

    def read() -> list[Folders | ServiceError]:
        mine = mailboxes_of_chosen(context)
        calls = [(CMDLET, {"Identity": row["PrimarySmtpAddress"], **ALL}) for row in mine]
        return make_of_many(context, calls, PROPERTIES, _made_of)

    return context.once("folders of the chosen users", read)


def _made_of(rows: Sequence[dict[str, Any]]) -> Folders:
    visible = [row for row in rows if not _is_recoverable(row)]
    most, where = _fullest(visible)
    deep, place = _fullest([row for row in rows if row.get("FolderType") in _MOVING])
    parents = Counter(_path(row).rpartition("/")[0] for row in visible)
    parent, children = next(iter(parents.most_common(1)), ("", 0))
    return Folders(
        _calendar(rows),
        {
            "Folders": len(rows),
            "MostItems": most,
            "MostItemsFolder": where,
            "MostRecoverableItems": deep,
            "MostRecoverableFolder": place,
            "MostSubfolders": children,
            "MostSubfoldersFolder": (parent or TOP) if children else None,
            "Depth": max((_levels(row) for row in visible), default=0),
        },
    )


def _is_recoverable(row: dict[str, Any]) -> bool:
    kind = str(row.get("FolderType") or "")
    return kind.startswith(_RECOVERABLE) or kind in _ALSO_RECOVERABLE


def _fullest(rows: list[dict[str, Any]]) -> tuple[int | None, str | None]:
    """The most items of a folder, and its path; None where the items of any were not told."""
    counts = [int_or_none(row.get("ItemsInFolder")) for row in rows]
    known = [count for count in counts if count is not None]
    if len(known) < len(rows):
        return None, None
    most = max(known, default=0)
    return most, _path(rows[known.index(most)]) if rows else None


def _calendar(rows: Sequence[dict[str, Any]]) -> str:
    """The calendar's name, an empty text where there is none; of several the one nearest to the top."""
    found = [row for row in rows if row.get("FolderType") == "Calendar"]
    return str(min(found, key=_levels).get("Name") or "") if found else ""


def _levels(row: dict[str, Any]) -> int:
    return len([part for part in _path(row).split("/") if part])


def _path(row: dict[str, Any]) -> str:
    return str(row.get("FolderPath") or row.get("Name") or "")
