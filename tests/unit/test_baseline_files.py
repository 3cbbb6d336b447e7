"""The baseline's files: nothing gets lost on the way out and in, and a damaged file is one clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project
from hypothesis import given
from hypothesis import strategies as st
from setting_facts import was_set

from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.project.baseline import baseline_name, baseline_text, load_baselines, read_baseline
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
FOLDERS = BY_NAME["baseline_folders"].columns
PERMISSIONS = BY_NAME["baseline_permissions"].columns
SETTINGS = BY_NAME["baseline_settings"].columns
HEADER = ",".join(FOLDERS)
LINE = f"pilot,2026-11-27T18:00:00Z,{GUID},lara@contoso.com,false,/Inbox,visible,412,3402"


def folder_row(**changes: Any) -> dict[str, Any]:
    return {
        "Wave": "pilot",
        "TakenAt": "2026-11-27T18:00:00Z",
        "ExchangeGuid": GUID,
        "Mailbox": "lara@contoso.com",
        "Archive": False,
        "Folder": "/Inbox",
        "Scope": "visible",
        "Items": 412,
        "Bytes": 3402,
    } | changes


def right(**changes: Any) -> dict[str, Any]:
    return {
        "Wave": "pilot",
        "TakenAt": "2026-11-27T18:00:00Z",
        "ExchangeGuid": GUID,
        "Mailbox": "lara@contoso.com",
        "Place": "mailbox",
        "Trustee": "ben@contoso.com",
        "TrusteeKind": "UserMailbox",
        "Right": "FullAccess",
        "Deny": False,
        "Inherited": False,
    } | changes


def write(folder: Path, folders: str | bytes, permissions: str | None = "") -> None:
    (folder / "baseline").mkdir()
    content = folders if isinstance(folders, bytes) else folders.encode()
    (folder / baseline_name("pilot", "folders")).write_bytes(content)
    if permissions is not None:
        text = permissions or baseline_text(PERMISSIONS, [])
        (folder / baseline_name("pilot", "permissions")).write_text(text, encoding="utf-8")


def refused(text: str) -> str:
    with pytest.raises(ProjectFileError) as caught:
        read_baseline(text, "baseline/pilot-folders.csv", "pilot", FOLDERS)
    return caught.value.message


def test_files_are_told_apart_by_wave_and_kind() -> None:
    """The shared decision: `baseline/<wave>-folders.csv`, `-permissions.csv` and `-settings.csv`."""
    assert baseline_name("pilot", "folders") == "baseline/pilot-folders.csv"
    assert baseline_name("pilot", "settings") == "baseline/pilot-settings.csv"
    assert baseline_name("pilot", "permissions") == "baseline/pilot-permissions.csv"


@given(
    name=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12),
    items=st.none() | st.integers(0, 10**9),
    archive=st.booleans(),
)
def test_folder_comes_back_as_it_was(name: str, items: int | None, archive: bool) -> None:
    """Whatever a folder is called, its row is read back as it was written; an unknown number stays unknown."""
    row = folder_row(Folder=f"/{name}", Items=items, Archive=archive)
    assert [row] == read_baseline(baseline_text(FOLDERS, [row]), "f", "pilot", FOLDERS)


@given(trustee=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12))
def test_trustee_comes_back_as_it_was(trustee: str) -> None:
    """A trustee's name is read back letter by letter, spaces and apostrophes too."""
    row = right(Trustee=trustee)
    assert [row] == read_baseline(baseline_text(PERMISSIONS, [row]), "p", "pilot", PERMISSIONS)


@given(
    people=st.lists(
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00\r\n"), min_size=1, max_size=12),
        max_size=3,
    ),
    days=st.none() | st.integers(0, 2000),
    ews=st.none() | st.booleans(),
)
def test_settings_come_back_as_they_were(people: list[str], days: int | None, ews: bool | None) -> None:
    """Lists keep their items, and what is not set stays so; an unset text comes back as an empty one."""
    row = was_set(ForwardingAddress="", ForwardingSmtpAddress="", AutomateProcessing="", BookInPolicy=people)
    row |= {"BookingWindowInDays": days, "EwsEnabled": ews}
    assert [row] == read_baseline(baseline_text(SETTINGS, [row]), "s", "pilot", SETTINGS)


@pytest.mark.parametrize("name", ["=1+1", "+49", "-x", "@SUM(A1)", "'=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    """Text that a spreadsheet would run stands behind an apostrophe."""
    text = baseline_text(PERMISSIONS, [right(Trustee=name)])
    assert f",'{name}," in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the columns must be"),
        (HEADER.replace("Items", "Number"), "line 1: the columns must be"),
        (f"{HEADER}\n{LINE},x", "line 2: 10 cells for 9 columns"),
        (f"{HEADER}\n{LINE.replace('412', 'many')}", "line 2: Items 'many' is no int"),
        (f"{HEADER}\n{LINE.replace('412', '-1')}", "line 2: Items '-1' is no int"),
        (f"{HEADER}\n{LINE.replace('false', 'FALSCH')}", "line 2: Archive 'FALSCH' is no bool"),
        (f"{HEADER}\n{LINE.replace(GUID, 'lara')}", "line 2: ExchangeGuid 'lara' is no guid"),
        (f"{HEADER}\n{LINE.replace(GUID, '')}", "line 2: ExchangeGuid must not be empty"),
        (f"{HEADER}\n{LINE.replace('2026-11-27T18:00:00Z', '27.11.2026')}", "line 2: TakenAt '27.11.2026' is no time"),
        (f"{HEADER}\n{LINE.replace('pilot', 'second')}", "line 2: Wave is 'second' in a file of pilot"),
        (f'{HEADER}\n"pilot', "unexpected end of data"),
    ],
)
def test_damage_is_named_with_its_line(text: str, words: str) -> None:
    """Whatever is not understood is an error that names file and line, and nothing is taken from the file."""
    message = refused(text)
    assert words in message
    assert "baseline/pilot-folders.csv" in message


def test_spreadsheet_of_another_language_is_read() -> None:
    """Semicolons, a byte order mark and TRUE in capitals mean the same."""
    text = "\ufeff" + f"{HEADER}\r\n{LINE.replace('false', 'TRUE')}\r\n".replace(",", ";")
    (row,) = read_baseline(text, "f", "pilot", FOLDERS)
    assert row == folder_row(Archive=True)


def read(folder: Path, fact: str) -> Any:
    return Reader(make_project(folder=folder), {}, StillClock(NOW), {}).read(fact)


def test_no_file_is_no_baseline(tmp_path: Path) -> None:
    """Before any cutover there is no baseline, which is an observation of its own and needs no sign-in."""
    for fact in ("source.baseline_folders", "source.baseline_permissions", "source.baseline_settings"):
        found = read(tmp_path, fact)
        assert isinstance(found, Observed)
        assert found.value == ()


def test_baseline_is_read_back(tmp_path: Path) -> None:
    """The facts hold what the files hold."""
    write(tmp_path, f"{HEADER}\n{LINE}\n", baseline_text(PERMISSIONS, [right()]))
    assert list(read(tmp_path, "source.baseline_folders").value) == [folder_row()]
    assert list(read(tmp_path, "source.baseline_permissions").value) == [right()]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", f"{HEADER}\nx\n".encode()])
def test_damaged_file_is_no_empty_one(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be used leaves the fact unobserved; it is never taken for a wave without folders."""
    write(tmp_path, content)
    found = read(tmp_path, "source.baseline_folders")
    assert isinstance(found, NotObserved)
    assert "baseline/pilot-folders.csv" in found.detail


def test_lost_half_is_told(tmp_path: Path) -> None:
    """Folders without permissions are no baseline: the missing file is named."""
    write(tmp_path, f"{HEADER}\n{LINE}\n", None)
    with pytest.raises(ProjectFileError, match=r"baseline/pilot-permissions\.csv is missing"):
        load_baselines(tmp_path, "permissions", PERMISSIONS)


def test_other_files_are_let_be(tmp_path: Path) -> None:
    """A file in the folder whose name is of no wave is nobody's baseline."""
    write(tmp_path, f"{HEADER}\n{LINE}\n")
    (tmp_path / "baseline" / "my notes-folders.csv").write_text("x", encoding="utf-8")
    assert len(load_baselines(tmp_path, "folders", FOLDERS)) == 1


def test_settings_may_be_missing(tmp_path: Path) -> None:
    """A wave whose settings nobody recorded has none, and its other files are read all the same."""
    write(tmp_path, f"{HEADER}\n{LINE}\n")
    assert load_baselines(tmp_path, "settings", SETTINGS) == []
    assert len(load_baselines(tmp_path, "folders", FOLDERS)) == 1


def test_settings_stand_alone(tmp_path: Path) -> None:
    """Settings are read where the wave's folders were not counted yet; a damaged file is told."""
    (tmp_path / "baseline").mkdir()
    file = tmp_path / baseline_name("pilot", "settings")
    file.write_text(baseline_text(SETTINGS, [was_set()]), encoding="utf-8", newline="")
    (row,) = read(tmp_path, "source.baseline_settings").value
    assert (row["Known"], row["PopEnabled"]) == (["mailbox_settings", "client_access"], True)
    file.write_text("Wave\n", encoding="utf-8")
    assert isinstance(read(tmp_path, "source.baseline_settings"), NotObserved)
