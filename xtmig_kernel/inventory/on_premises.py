"""What the script for an administrator of a directory on-premises has read there, from the file that came back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import ProjectFileError

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_TEXTS = ("SourceAddress", "UserPrincipalName", "TargetAddress", "RemoteRecipientType", "ReadAt")


def report_name(side: str) -> str:
    """Path of a side's report in the project folder.

    Args:
        side: `"source"` or `"target"`.
    """
    return f"on-premises/{side}-report.json"


def on_premises_reports(context: ReadContext) -> tuple[str, list[Row]]:
    """The rows of the side's report; none while nobody has put it into the project folder (ONP-01, ONP-02, KNI-10).

    Raises:
        ProjectFileError: It is no report of the script.
    """
    name = report_name(context.side)
    path = context.project.folder / name
    if not path.is_file():
        return f"{name} is not there", []
    return name, [_row(item, name) for item in _content(path, name)]


def _content(path: Path, name: str) -> list[Any]:
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        raise _unusable(name) from None
    return data if isinstance(data, list) else [data]  # PowerShell writes a list of one as the one


def _row(item: Any, name: str) -> Row:
    if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("SourceAddress", "ReadAt")):
        raise _unusable(name)
    texts = {key: str(item[key]) if item.get(key) is not None else None for key in _TEXTS}
    return texts | {"RemoteMailbox": item.get("RemoteMailbox") is True}


def _unusable(name: str) -> ProjectFileError:
    return ProjectFileError(
        f"{name} is not what the script of section 200 writes",
        remedy="Put the file there as the script wrote it, or take it out of the folder.",
    )
