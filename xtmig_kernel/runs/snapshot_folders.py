"""The folders of a mailbox of a snapshot, as a tenants file says them.

Of a mailbox only the fullest folders and how many there are were read. What it holds beside is spread over folders that
are no fuller, so that a rule finds in the rehearsal what it found in the snapshot. Numbers of folders are carried over
where they are near a limit of the service; below that, nothing rests on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.folder_limits import ALTOGETHER, LIMITS

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row

ELSEWHERE, TOP = "/Elsewhere", "/"
USUAL = ("/Inbox", "/Deletions")
"""Where the simulator puts what no named folder holds."""
_NEAR = {limit.column: limit.near for limit in LIMITS}
_TOGETHER = 5000
"""How many folders are put into one where they must be many altogether, and few in each."""
_STANDARD = 16
"""Folders that every mailbox of the simulator has."""


def folders_of(shape: Row, size: Row) -> list[dict[str, Any]]:
    """The folders that must be named; none where the usual ones show the same.

    Args:
        shape: The row of `folder_shapes`, with numbers.
        size: The row of `mailbox_sizes`; an empty one where the size was not told.
    """
    found: dict[str, dict[str, Any]] = {}
    for column, place, total, more in (
        ("MostItems", "MostItemsFolder", "Items", {}),
        ("MostRecoverableItems", "MostRecoverableFolder", "DeletedItems", {"recoverable": True}),
    ):
        path, most, left = shape[place], shape[column], (size.get(total) or 0) - (shape[column] or 0)
        if path and most and (left > 0 or path not in USUAL):
            found |= _spread(path, most, left, shape["Folders"], more)
    if shape["MostSubfolders"] >= _NEAR["MostSubfolders"]:
        place = shape["MostSubfoldersFolder"]
        path = ELSEWHERE if place in (None, TOP) else place
        found.setdefault(path, {"path": path})["subfolders"] = shape["MostSubfolders"]
    if shape["Depth"] >= _NEAR["Depth"]:
        path = ELSEWHERE + "/1" * (shape["Depth"] - 1)
        found.setdefault(path, {"path": path})
    if shape["Folders"] >= ALTOGETHER:
        left = shape["Folders"] - _STANDARD - sum(1 + folder.get("subfolders", 0) for folder in found.values())
        for number, start in enumerate(range(0, max(left, 0), _TOGETHER + 1), 1):
            path = f"{ELSEWHERE} altogether {number}"
            found[path] = {"path": path, "subfolders": min(_TOGETHER, left - start - 1)}
    return list(found.values())


def _spread(path: str, most: int, left: int, folders: int, more: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fullest folder, and beside it so many others that none is fuller, but no more than there are folders."""
    other = f"{ELSEWHERE} recoverable" if more else ELSEWHERE
    full = [(path, most)]
    full += [(f"{other} {n}", min(most, left - (n - 1) * most)) for n in range(1, min(-(-left // most), folders) + 1)]
    return {place: {"path": place, "items": items, **more} for place, items in full}
