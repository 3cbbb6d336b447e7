"""Where a project folder may lie (`xtmig_kernel.project.places`)."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest

from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.project import places
from xtmig_kernel.project.places import mounted, network, require_safe_place, synchronised

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
//files/teams /mnt/team\\040share cifs rw 0 0
files:/export /home nfs4 rw 0 0
/dev/sdb1 /home/anna/local ext4 rw 0 0
"""


@pytest.mark.parametrize(("path", "service"), [
    (r"C:\Users\Anna\OneDrive - Contoso\move", "OneDrive"),
    (r"C:\Users\Anna\OneDrive\move", "OneDrive"),
    ("/Users/anna/Library/CloudStorage/OneDrive-Contoso/move", "OneDrive"),
    ("/home/anna/Dropbox (Contoso)/move", "Dropbox"),
    ("/home/anna/dropbox", "Dropbox"),
    (r"G:\My Drive\move", "Google Drive"),
    ("/Users/anna/Library/CloudStorage/GoogleDrive-anna@contoso.com/move", "Google Drive"),
    ("/Users/anna/Library/Mobile Documents/com~apple~CloudDocs/move", "iCloud"),
    (r"C:\Users\Anna\iCloudDrive\move", "iCloud"),
])  # fmt: skip
def test_a_synchronised_folder_is_known_by_its_name(path: str, service: str) -> None:
    """The usual places of OneDrive, Dropbox, Google Drive and iCloud are told on every system."""
    parts = PureWindowsPath(path).parts
    assert synchronised(parts, {}) == service


@pytest.mark.parametrize("path", ["/home/anna/moves", r"C:\moves\contoso", "/srv/onedriver/x", "/data/dropboxes"])
def test_other_folders_are_none(path: str) -> None:
    """A name that only begins like one is none."""
    assert synchronised(PureWindowsPath(path).parts, {}) is None


def test_a_renamed_folder_is_known_by_its_variable() -> None:
    """Windows names the folder of OneDrive in a variable, whatever it is called."""
    assert synchronised(("/", "srv", "Firma", "move"), {"OneDriveCommercial": "/srv/Firma"}) == "OneDrive"
    assert synchronised(("/", "srv", "Firm"), {"OneDriveCommercial": "/srv/Firma"}) is None


@pytest.mark.parametrize(("path", "found"), [
    ("/mnt/team share/move", "cifs"),
    ("/home/anna/move", "nfs4"),
    ("/home/anna/local/move", None),
    ("/srv/move", None),
    ("/home2/move", None),
])  # fmt: skip
def test_a_mounted_share_is_known_by_its_kind(path: str, found: str | None) -> None:
    """The innermost mount says whether a path lies on the network."""
    told = mounted(path, MOUNTS)
    assert (told is not None and f"({found}," in told) if found else told is None


@pytest.mark.parametrize("path", [r"\\server\share\move", "//server/share/move", r"\\?\UNC\server\share"])
def test_a_unc_path_is_the_network(path: str) -> None:
    """A path that begins with a server's name is on the network."""
    found = network(PureWindowsPath(path))  # type: ignore[arg-type]
    assert found is not None
    assert "UNC" in found


def test_a_refusal_says_how_to_mend_it(tmp_path: Path) -> None:
    """The error names the folder, the service, the reason, and both ways out."""
    folder = tmp_path / "OneDrive - Contoso" / "move"
    with pytest.raises(ProjectFileError) as error:
        require_safe_place(folder, allowed=False)
    text = str(error.value)
    assert [
        part
        for part in ("OneDrive", str(folder), "personal data", "local disk", "allow_synced_folder: true")
        if part not in text
    ] == []


def test_it_can_be_agreed_to(tmp_path: Path) -> None:
    """With allow_synced_folder the place is the project's own business."""
    require_safe_place(tmp_path / "Dropbox" / "move", allowed=True)


def test_a_local_folder_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody copies and nobody serves is not refused."""
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "none")
    require_safe_place(tmp_path / "move", allowed=False)
