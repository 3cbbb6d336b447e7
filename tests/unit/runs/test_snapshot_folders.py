"""The folders of a mailbox of a snapshot, as a tenants file says them."""

from __future__ import annotations

from typing import Any

from preflight_facts import shape

from xtmig_kernel.runs.snapshot_folders import folders_of


def items(folders: list[dict[str, Any]]) -> dict[str, int]:
    """Path to items."""
    return {folder["path"]: folder.get("items", 0) for folder in folders}


def test_what_is_in_the_usual_folders_is_not_named() -> None:
    """Where the inbox and Deletions hold everything, the simulator puts it there by itself."""
    assert [] == folders_of(shape(MostItems=412, MostRecoverableItems=3), {"Items": 412, "DeletedItems": 3})


def test_no_folder_is_fuller_than_the_fullest() -> None:
    """What the other folders hold is spread, so that the inbox is not taken for a full one."""
    found = items(folders_of(shape(MostItems=400, MostItemsFolder="/Old"), {"Items": 1000, "DeletedItems": 12}))
    assert 400 == found["/Old"]
    assert [200, 400, 400] == sorted(found.values())


def test_a_sum_that_fits_no_folders_makes_no_more_of_them() -> None:
    """Items that the service counts beside those of folders do not become folders without end."""
    found = folders_of(shape(Folders=5, MostItems=1, MostItemsFolder="/Old"), {"Items": 10**6})
    assert 6 >= len(found)


def test_recoverable_items_stay_recoverable() -> None:
    """The fullest of Deletions, Versions and Purges is named as one of Recoverable Items."""
    told = shape(MostItems=0, MostItemsFolder=None, MostRecoverableItems=3_000_000, MostRecoverableFolder="/Versions")
    (found,) = folders_of(told, {"DeletedItems": 3_000_000})
    assert {"path": "/Versions", "items": 3_000_000, "recoverable": True} == found


def test_many_folders_in_one() -> None:
    """Folders in one are carried over where they are near the service's limit, and only there."""
    size = {"Items": 38_211, "DeletedItems": 12}
    assert [] == folders_of(shape(MostSubfolders=8_999, MostSubfoldersFolder="/Old"), size)
    (found,) = folders_of(shape(MostSubfolders=9_000, MostSubfoldersFolder="/Old"), size)
    assert {"path": "/Old", "subfolders": 9_000} == found


def test_deep_folders() -> None:
    """So many levels as were seen."""
    (found,) = folders_of(shape(Depth=250), {"Items": 38_211, "DeletedItems": 12})
    assert 250 == len(found["path"].split("/")) - 1


def test_many_folders_altogether() -> None:
    """10,000 folders are spread over several, none of which is near a limit; 16 every mailbox has."""
    found = folders_of(shape(Folders=10_500), {"Items": 38_211, "DeletedItems": 12})
    assert 10_500 == 16 + sum(1 + folder["subfolders"] for folder in found)
    assert 9_000 > max(folder["subfolders"] for folder in found)
