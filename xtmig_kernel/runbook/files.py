"""Files that a step writes into the project folder: whole or not at all, and only where they differ."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import EngineError
from xtmig_kernel.project.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.outputs import ProjectFile


def differs(folder: Path, file: ProjectFile) -> bool:
    """Whether the project folder holds something else under that name, or nothing.

    Args:
        folder: The project folder.
        file: The file as it shall be.
    """
    try:
        return (folder / file.name).read_bytes() != file.text.encode("utf-8")
    except OSError:
        return True


def as_found(folder: Path, file: ProjectFile) -> str | None:
    """The SHA-256 of what lies under a file's name at this moment; None where nothing does.

    Args:
        folder: The project folder.
        file: The file as it shall be.
    """
    try:
        return _digest((folder / file.name).read_bytes())
    except OSError:
        return None


def write_file(folder: Path, file: ProjectFile) -> dict[str, Any]:
    """Write a file, and say what the ledger is to hold of it.

    Args:
        folder: The project folder.
        file: The file.

    Raises:
        EngineError: It cannot be written, for example because Excel holds it open.
    """
    path = folder / file.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, file.text)
    except OSError as error:
        raise EngineError(
            f"{file.name} cannot be written ({error.strerror})",
            remedy="Close the program that holds it open, and check the folder's rights; then apply again.",
        ) from None
    content = file.text.encode("utf-8")
    return {"name": file.name, "about": file.about, "bytes": len(content), "sha256": _digest(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
