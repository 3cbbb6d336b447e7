from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from report_story import FORMULA, grant_consent

from xtmig_kernel.changes import canonical
from xtmig_kernel.errors import ArchiveError, LedgerError
from xtmig_kernel.report import Result, build_archive, result_schema, verify_archive
from xtmig_kernel.report.tables import harmless
from xtmig_kernel.store.ledger import entry_hash

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "result.schema.json"


def lines_of(archive: Path) -> list[dict]:
    text = (archive / "ledger.jsonl").read_bytes().decode("utf-8")
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def write_lines(archive: Path, lines: list[dict]) -> None:
    text = "".join(canonical(line) + "\n" for line in lines)
    (archive / "ledger.jsonl").write_bytes(text.encode("utf-8"))


def rehash(archive: Path, *names: str) -> None:
    """Make the manifest agree with altered files, as somebody would who wants to hide it."""
    path = archive / "manifest.json"
    manifest = json.loads(path.read_bytes())
    for name in names:
        data = (archive / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    path.write_bytes((canonical(manifest) + "\n").encode("utf-8"))


def test_archive_holds_what_the_design_lists(archive: Path) -> None:
    """An archive is index.html, result.json, open-items.csv, ledger.jsonl, manifest.json, notebooks, artifacts."""
    assert {
        "index.html",
        "result.json",
        "open-items.csv",
        "ledger.jsonl",
        "manifest.json",
        "notebooks/070-endpoint.ipynb",
        "notebooks/070-endpoint.html",
        "artifacts/070.ps1",
    } == {path.relative_to(archive).as_posix() for path in archive.rglob("*") if path.is_file()}


def test_manifest_lists_every_file_but_itself(archive: Path) -> None:
    """The manifest holds SHA-256 and size of every other file, as canonical JSON."""
    text = (archive / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    others = {path for path in archive.rglob("*") if path.is_file() and path.name != "manifest.json"}
    assert {path.relative_to(archive).as_posix() for path in others} == set(manifest["files"])
    page = (archive / "index.html").read_bytes()
    assert {"sha256": hashlib.sha256(page).hexdigest(), "size": len(page)} == manifest["files"]["index.html"]
    assert json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" == text


def test_ledger_lines_continue_from_the_head_before(archive: Path, story: Path) -> None:
    """The first line is the hash before the run's first entry; then come that run's entries."""
    first, *entries = lines_of(archive)
    assert {"head_before": entries[0]["previous"]} == first
    assert {"run-2"} == {entry["run"] for entry in entries}
    assert entries[0]["seq"] > 1


def test_entries_written_by_others_in_between_stay_in_the_chain(open_book, project_folder: Path) -> None:
    """An approval that somebody records while the run goes on is part of the stretch, so the chain holds."""
    run, other = open_book("run-1"), open_book("approve-1")
    run.start("070", "Target: endpoint and relationship")
    other.ledger.append("approval_given", {"section": "070", "name": "Nestor Wilke"})
    run.find("pass")
    run.end("070")
    folder = project_folder / "archive"
    build_archive(project_folder, "run-1", folder)
    assert [line["run"] for line in lines_of(folder)[1:]] == ["run-1", "approve-1", "run-1", "run-1"]
    assert verify_archive(folder) == []


def test_untouched_archive_verifies(archive: Path) -> None:
    """An archive that nobody touched has no problem."""
    assert verify_archive(archive) == []


def test_name_with_a_line_separator_verifies(book, project_folder: Path) -> None:
    """A name that holds a character which some take for the end of a line breaks no line of the ledger."""
    book.find("pass", subject="North\u2028wind")
    book.end("070")
    build_archive(project_folder, "run-1", project_folder / "archive")
    assert verify_archive(project_folder / "archive") == []


def test_date_that_is_none_is_a_problem_not_a_crash(archive: Path) -> None:
    """A result whose values cannot be shown is reported in a sentence."""
    result = json.loads((archive / "result.json").read_bytes())
    result["as_of"] = "Tuesday T"
    (archive / "result.json").write_text(json.dumps(result), encoding="utf-8")
    assert "result.json holds values that cannot be shown" in verify_archive(archive)


def test_moved_archive_verifies(archive: Path, tmp_path: Path) -> None:
    """An archive stands alone: it verifies wherever it lies."""
    assert verify_archive(Path(shutil.copytree(archive, tmp_path / "elsewhere"))) == []


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "result.json",
        "open-items.csv",
        "ledger.jsonl",
        "notebooks/070-endpoint.ipynb",
        "artifacts/070.ps1",
    ],
)
def test_changed_byte_is_found(archive: Path, name: str) -> None:
    """One changed byte in any file shows."""
    path = archive / name
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    assert f"{name} was changed" in verify_archive(archive)


@pytest.mark.parametrize("name", ["index.html", "result.json", "ledger.jsonl", "artifacts/070.ps1"])
def test_removed_file_is_found(archive: Path, name: str) -> None:
    """A file that is gone shows."""
    (archive / name).unlink()
    assert f"{name} is missing" in verify_archive(archive)


def test_added_file_is_found(archive: Path) -> None:
    """A file that was put in shows."""
    (archive / "notebooks" / "999.html").write_text("more", encoding="utf-8")
    assert verify_archive(archive) == ["notebooks/999.html was added"]


def test_changed_ledger_line_is_found_though_the_manifest_agrees(archive: Path) -> None:
    """A changed entry breaks the chain even if the manifest was made again."""
    lines = lines_of(archive)
    lines[5]["data"]["title"] = "something else"
    write_lines(archive, lines)
    rehash(archive, "ledger.jsonl")
    assert any("chain is broken" in problem for problem in verify_archive(archive))


def test_reordered_ledger_lines_are_found(archive: Path) -> None:
    """Two entries that changed places break the chain."""
    lines = lines_of(archive)
    lines[4], lines[5] = lines[5], lines[4]
    write_lines(archive, lines)
    rehash(archive, "ledger.jsonl")
    assert any("chain is broken" in problem for problem in verify_archive(archive))


def test_removed_ledger_line_is_found(archive: Path) -> None:
    """An entry that is left out breaks the chain."""
    lines = lines_of(archive)
    write_lines(archive, lines[:5] + lines[6:])
    rehash(archive, "ledger.jsonl")
    assert any("chain is broken" in problem for problem in verify_archive(archive))


def test_cut_off_ledger_is_found(archive: Path) -> None:
    """A chain that was cut short holds in itself, and no longer comes to what result.json says."""
    write_lines(archive, lines_of(archive)[:-1])
    rehash(archive, "ledger.jsonl")
    assert "result.json and ledger.jsonl tell of different stretches of the ledger" in verify_archive(archive)


def test_chain_made_again_does_not_hide_a_changed_verdict(archive: Path) -> None:
    """Who turns a failure into a pass and hashes the chain again is given away by result.json's figures."""
    first, *entries = lines_of(archive)
    previous = first["head_before"]
    for entry in entries:
        if entry["kind"] == "finding" and entry["data"]["verdict"] == "fail":
            entry["data"]["verdict"] = "pass"
        entry["previous"] = previous
        entry["hash"] = previous = entry_hash({key: value for key, value in entry.items() if key != "hash"})
    write_lines(archive, [first, *entries])
    rehash(archive, "ledger.jsonl")
    assert "result.json: run.tally is not what the ledger's entries come to" in verify_archive(archive)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("exit_code", 0, "result.json: run.exit_code is not what the ledger's entries come to"),
        ("mode", "plan", "result.json: run.mode is not what the ledger's entries come to"),
    ],
)
def test_flattered_figures_are_found(archive: Path, field: str, value: object, problem: str) -> None:
    """Figures of the run are counted again from the ledger's entries."""
    result = json.loads((archive / "result.json").read_bytes())
    result["run"][field] = value
    text = json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (archive / "result.json").write_bytes(text.encode("utf-8"))
    rehash(archive, "result.json")
    assert problem in verify_archive(archive)


def test_page_that_says_something_else_is_found(archive: Path) -> None:
    """A page that was edited does not show what result.json says, even if the manifest agrees."""
    page = (archive / "index.html").read_text(encoding="utf-8")
    (archive / "index.html").write_bytes(page.replace("1 check failed", "No check failed").encode("utf-8"))
    rehash(archive, "index.html")
    assert verify_archive(archive) == ["index.html does not show what result.json says"]


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/hostname", "C:/windows/win.ini", "a\\..\\b", "notebooks/../../x"]
)
def test_manifest_never_leads_outside(archive: Path, name: str) -> None:
    """A manifest that names a file outside the folder is a problem, and that file is not read."""
    path = archive / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"][name] = {"sha256": "0" * 64, "size": 0}
    path.write_bytes((canonical(manifest) + "\n").encode("utf-8"))
    assert f"manifest.json names a file outside the archive: {name}" in verify_archive(archive)


def test_link_in_place_of_a_file_is_found(archive: Path, tmp_path: Path) -> None:
    """A link is no file, even if what it leads to has the right content."""
    moved = tmp_path / "070.ps1"
    shutil.move(archive / "artifacts" / "070.ps1", moved)
    try:
        (archive / "artifacts" / "070.ps1").symlink_to(moved)
    except OSError:
        pytest.skip("this system does not let this account make links")
    assert verify_archive(archive) == ["artifacts/070.ps1 is a link, not a file"]


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b'{"files": 3, "format": 1}', b'{"format": 1, "files": {"a": 1}}']
)
def test_folder_without_a_manifest_is_no_archive(tmp_path: Path, content: bytes | None) -> None:
    """What holds no manifest cannot be verified, and one sentence says so."""
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArchiveError, match="archive"):
        verify_archive(tmp_path)


def test_result_that_is_no_result_is_found(archive: Path) -> None:
    """A result.json of another shape is a problem, not a crash."""
    (archive / "result.json").write_bytes(b"{}")
    rehash(archive, "result.json")
    assert any("result.json is not a result of this format" in problem for problem in verify_archive(archive))


def test_building_twice_gives_the_same_bytes(archive: Path, story: Path) -> None:
    """An archive depends on the ledger and the project's files alone."""
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    build_archive(story, "run-2", archive)
    assert before == {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}


def test_archive_of_an_earlier_run_ends_with_that_run(story: Path, tmp_path: Path) -> None:
    """The archive of an old run, built today, tells the project as it stood at the end of that run."""
    result = build_archive(story, "run-1", tmp_path / "old")
    assert [section.number for section in result.sections] == ["010", "050"]
    assert result.changes == ()
    assert verify_archive(tmp_path / "old") == []


def test_missing_ledger_is_named(project_folder: Path, tmp_path: Path) -> None:
    """Without a ledger there is nothing to report, and none is made."""
    with pytest.raises(ArchiveError, match=r"ledger\.db is not in"):
        build_archive(project_folder, "run-1", tmp_path / "archive")
    assert not (project_folder / "ledger.db").exists()


def test_unknown_run_is_named(book, project_folder: Path, tmp_path: Path) -> None:
    """A run that wrote nothing has no archive."""
    with pytest.raises(ArchiveError, match="no entry of the run run-9"):
        build_archive(project_folder, "run-9", tmp_path / "archive")


def test_damaged_ledger_gives_no_archive(story: Path, tmp_path: Path) -> None:
    """A ledger whose chain is broken is reported, never archived."""
    with sqlite3.connect(story / "ledger.db") as database:
        database.execute("DROP TRIGGER entries_are_never_changed")
        database.execute("UPDATE entries SET at = '2020-01-01T00:00:00Z' WHERE seq = 3")
    database.close()
    with pytest.raises(LedgerError, match="broken at entry 3"):
        build_archive(story, "run-2", tmp_path / "archive")


def test_broken_notebook_is_named(story: Path) -> None:
    """A file that is no notebook stops the build before anything is written."""
    (story / "archive" / "notebooks" / "080-broken.ipynb").write_text("not json", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"080-broken\.ipynb is not a notebook"):
        build_archive(story, "run-2", story / "archive")
    assert not (story / "archive" / "manifest.json").exists()


def test_published_schema_is_current() -> None:
    """docs/reference/result.schema.json is what the model says."""
    assert result_schema() == json.loads(PUBLISHED.read_text(encoding="utf-8"))


def test_result_keeps_to_the_published_schema(archive: Path) -> None:
    """result.json is valid by the published schema."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads((archive / "result.json").read_bytes()), schema)


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("RunFacts", "id"),
        ("RunFacts", "started_at"),
        ("ChangeFact", "request_ids"),
        ("LedgerFacts", "head"),
        ("FindingFact", "at"),
    ],
)
def test_volatile_fields_are_marked(model: str, field: str) -> None:
    """What differs between two runs that found the same is marked in the schema."""
    assert result_schema()["$defs"][model]["properties"][field]["x-volatile"] is True


@pytest.mark.parametrize(
    ("model", "field"), [("FindingFact", "verdict"), ("ChangeFact", "hash"), ("RunFacts", "tally")]
)
def test_lasting_fields_are_not_marked(model: str, field: str) -> None:
    """What two equal runs share is not marked, so that it is compared."""
    assert "x-volatile" not in result_schema()["$defs"][model]["properties"][field]


def rows_of(archive: Path) -> list[dict[str, str]]:
    text = (archive / "open-items.csv").read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_open_items_have_columns_to_fill_in(archive: Path) -> None:
    """The table of what is left to do leaves columns for who did it, when, and a comment."""
    rows = rows_of(archive)
    assert list(rows[0]) == [
        "who",
        "side",
        "step",
        "what",
        "until",
        "remedy",
        "statements",
        "done by",
        "done at",
        "comment",
    ]
    assert {""} == {row["done by"] + row["done at"] + row["comment"] for row in rows}


def test_open_items_hold_only_what_is_left(archive: Path) -> None:
    """What passed, was waived, skipped or signed off is not in the table; what waits, failed or is unseen is."""
    rows = rows_of(archive)
    text = "\n".join(row["what"] for row in rows)
    assert grant_consent().title in text
    assert "source consent" in text
    assert "could not be observed (denied)" in text
    assert "User.Read" not in text
    assert "partner named its tenant ID" not in text


def test_no_cell_is_a_formula(archive: Path) -> None:
    """No cell begins with a character by which a spreadsheet knows a formula."""
    cells = [cell for row in rows_of(archive) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any(cell.startswith(f"'{FORMULA}") for cell in cells)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formula_starts_are_shielded(start: str) -> None:
    """Each character that could start a formula gets an apostrophe before it."""
    assert harmless(f"{start}1+1").startswith("'")


def test_result_reads_back(archive: Path) -> None:
    """result.json read back is the result that was built."""
    result = Result.model_validate_json((archive / "result.json").read_bytes())
    assert (result.run.id, result.run.exit_code) == ("run-2", 3)
