"""Where a project folder lies: personal data belongs neither into a synchronised folder nor onto a network drive."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.errors import ProjectFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SYNCHRONISED = (
    (re.compile(r"onedrive( ?-.*)?"), "OneDrive"),
    (re.compile(r"dropbox( \(.*\))?"), "Dropbox"),
    (re.compile(r"google ?drive|googledrive-.*|my drive|drivefs"), "Google Drive"),
    (re.compile(r"icloud ?drive|mobile documents|com~apple~clouddocs"), "iCloud"),
    (re.compile(r"onedrive-.*"), "OneDrive"),
    (re.compile(r"box( sync)?|nextcloud|owncloud|syncthing|pcloud ?drive"), "a synchronisation service"),
)
"""What the folder of a synchronisation service is called, in lower case."""
VARIABLES = {"OneDrive": "OneDrive", "OneDriveCommercial": "OneDrive", "OneDriveConsumer": "OneDrive"}
"""Variables in which Windows names such folders, whatever they are called."""
NETWORK_SYSTEMS = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "davfs", "fuse.sshfs", "fuse.rclone", "ncpfs",
    "fuse.davfs2", "afs", "ceph", "glusterfs", "fuse.glusterfs", "lustre",
})  # fmt: skip
MOUNTS = Path("/proc/self/mounts")
_REMOTE_DRIVE = 4  # DRIVE_REMOTE of GetDriveTypeW
_OCTAL = re.compile(r"\\([0-7]{3})")


def unsafe_place(folder: Path) -> str | None:
    """What synchronises or serves the place of a folder; None where nothing that can be told does.

    Args:
        folder: An existing folder.
    """
    place = folder.resolve()
    return synchronised(place.parts, os.environ) or network(folder) or network(place)


def synchronised(parts: Iterable[str], environment: Mapping[str, str]) -> str | None:
    """The synchronisation service of a path, by the names of its folders and by the system's variables.

    Args:
        parts: The parts of the path.
        environment: The system's variables.
    """
    names = [part.casefold().rstrip("\\/") for part in parts]
    for name in names:
        for pattern, service in SYNCHRONISED:
            if pattern.fullmatch(name):
                return service
    for variable, service in VARIABLES.items():
        kept = environment.get(variable, "").strip()
        if kept and [part.casefold().rstrip("\\/") for part in Path(kept).parts] == names[: len(Path(kept).parts)]:
            return service
    return None


def network(folder: Path) -> str | None:
    """What serves a folder over the network: a UNC path, a mapped drive, a mounted file system; None if none does.

    Args:
        folder: The folder.
    """
    text = str(folder)
    if text.startswith(("\\\\", "//")) and not text.startswith(("\\\\?\\", "//?/")):
        return "a network share (UNC path)"
    if text.upper().startswith(("\\\\?\\UNC\\", "//?/UNC/")):
        return "a network share (UNC path)"
    if os.name == "nt":
        return _drive(folder)
    if MOUNTS.exists():
        return mounted(str(folder.resolve()), MOUNTS.read_text(encoding="utf-8", errors="replace"))
    return None


def mounted(path: str, mounts: str) -> str | None:
    """The network file system that a path lies on, by the system's list of mounts.

    Args:
        path: An absolute path.
        mounts: The list: device, place and kind in each line.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 2:  # noqa: PLR2004 - device, place, kind
            place = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[1])
            inside = path == place or path.startswith(place.rstrip("/") + "/")
            if inside and len(place) >= len(best):
                best, kind = place, fields[2]
    return f"a network file system ({kind}, mounted at {best})" if kind in NETWORK_SYSTEMS else None


def _drive(folder: Path) -> str | None:  # pragma: no cover - Windows
    import ctypes

    anchor = folder.resolve().anchor
    kind = getattr(ctypes, "windll").kernel32.GetDriveTypeW(anchor)  # noqa: B009 - only Windows has it
    return f"a network drive ({anchor})" if kind == _REMOTE_DRIVE else None


def require_safe_place(folder: Path, *, allowed: bool) -> None:
    """Refuse to keep personal data where others, or a service, get a copy of it.

    Args:
        folder: The project folder; it need not be there yet.
        allowed: Whether `allow_synced_folder` of `project.yaml` says that it is agreed.

    Raises:
        ProjectFileError: It is such a place, and nobody agreed.
    """
    if allowed:
        return
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    found = unsafe_place(there) or synchronised(folder.absolute().parts, os.environ)
    if found:
        raise ProjectFileError(
            f"{folder} lies in {found}, where names and addresses of both organisations would be copied to",
            cause="a snapshot of the tenants holds personal data, which stays on this computer, readable by you alone",
            remedy="Move the project folder to a local disk. Where the organisations have agreed to that place, say so "
            "in project.yaml: allow_synced_folder: true",
        )
