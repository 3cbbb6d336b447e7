"""Exhibits and files of steps: whole in the archive, shown on the page, checked against the ledger."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report_many import BigBook, create_user, pool_exhibit, users_exhibit
from report_story import FORMULA, HOSTILE, TURNED, StoryClock
from test_report_archive import lines_of, rehash, write_lines
from test_report_page import Page

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.report import Result, build_archive, verify_archive
from xtmig_kernel.report.places import exhibit_file
from xtmig_kernel.report.tables import csv_text, rows_of
from xtmig_kernel.store.ledger import entry_hash

if TYPE_CHECKING:
    from collections.abc import Callable

LISTED = "Source,Target\r\nlara@contoso.com,lara@northwindtraders.com\r\n"


@pytest.fixture
def many(project_folder: Path) -> BigBook:
    """The ledger of a run that has opened section 080."""
    made = BigBook(project_folder, "run-1", StoryClock())
    made.start("080", "Users")
    return made


@pytest.fixture
def build(many: BigBook) -> Callable[..., Path]:
    """Builds the archive of a run."""

    def built(run: str = "run-1") -> Path:
        folder = many.folder / run
        build_archive(many.folder, run, folder)
        assert verify_archive(folder) == []
        return folder

    return built


def result_of(archive: Path) -> Result:
    return Result.model_validate_json((archive / "result.json").read_bytes())


def cells_of(archive: Path, name: str) -> list[list[str]]:
    text = (archive / name).read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def page_of(archive: Path) -> str:
    return (archive / "index.html").read_text(encoding="utf-8")


def test_artifact_holds_every_row(many: BigBook, build: Callable[..., Path]) -> None:
    """An exhibit of 600 rows is whole in its table, under its headings."""
    many.show(users_exhibit(600))
    head, *rows = cells_of(build(), "artifacts/users.csv")
    assert head == ["Line", "Source", "Target", "Mailbox size (MB)", "Becomes", "Problem"]
    assert (len(rows), rows[599][1]) == (600, "user00599@contoso.com")


def test_result_holds_the_first_200_rows(many: BigBook, build: Callable[..., Path]) -> None:
    """result.json tells how many rows there are and where, and holds no more than 200 of them."""
    many.show(users_exhibit(600))
    [fact] = result_of(build()).exhibits
    assert (fact.number_of_rows, len(fact.rows), fact.artifact) == (600, 200, "artifacts/users.csv")
    assert fact.rows[0][0] == 2


def test_page_shows_500_rows_and_says_where_the_others_are(many: BigBook, build: Callable[..., Path]) -> None:
    """The page shows 500 rows of 600, and names the table that holds the others."""
    many.show(users_exhibit(600))
    text = Page(page_of(build())).text
    assert "user00499@contoso.com" in text
    assert "user00500@contoso.com" not in text
    assert "600 rows, the first 500 here; the other 100 rows are in artifacts/users.csv" in text


def test_bars_are_drawn_to_scale_beside_their_numbers(many: BigBook, build: Callable[..., Path]) -> None:
    """A bar is as long as its quantity on the scale of the longest row; its number stands beside it as text."""
    rows = (("Plan 1", 300, 100), ("Plan 2", 0, 200))
    many.show(pool_exhibit(columns=("Licence", "In use", "Free"), rows=rows))
    html = page_of(build())
    drawn = re.findall(r'<rect class="(c\d)" x="([\d.]+)" y="0" width="([\d.]+)" height="16"/>', html)
    assert [(name, float(x)) for name, x, _ in drawn] == [("c1", 0), ("c2", 750), ("c2", 0)]
    assert [round(float(width) / 10) for _, _, width in drawn] == [75, 25, 50]
    assert re.search(r'<td class="num right" data-sort="300">300</td>', html)


def test_exhibit_has_a_sentence_and_tools(many: BigBook, build: Callable[..., Path]) -> None:
    """An exhibit's table has its sentence as caption, can be searched, and can be filtered by its last words."""
    many.show(users_exhibit(30))
    html = page_of(build())
    assert "<caption><bdi>Who moves, and who each one becomes in the target.</bdi>" in html
    assert '<table data-tools="Users" data-filter="Becomes">' in html


def test_last_look_counts(many: BigBook, build: Callable[..., Path]) -> None:
    """Of two exhibits of one name the later one is told."""
    many.show(users_exhibit(3))
    many.show(users_exhibit(2))
    [fact] = result_of(build()).exhibits
    assert fact.number_of_rows == 2


def test_exhibit_of_an_earlier_run_stays(many: BigBook, build: Callable[..., Path]) -> None:
    """What an earlier run showed is told by a later archive too, marked as not of this run, and verifies."""
    many.show(users_exhibit(300))
    later = BigBook(many.folder, "run-2", StoryClock())
    later.start("080", "Users")
    later.end("080")
    archive = build("run-2")
    [fact] = result_of(archive).exhibits
    assert not fact.this_run
    assert len(cells_of(archive, fact.artifact)) == 301


HOSTILE_CELLS = [HOSTILE, FORMULA, TURNED, "a\x07b", "@SUM(A1)", "+1", "-2+3", "\t=1", "\r=1"]


def test_hostile_cells_are_text_on_the_page(many: BigBook, build: Callable[..., Path]) -> None:
    """Markup in an exhibit makes no element, and characters that turn or hide text are shown by their numbers."""
    rows = tuple((cell, 1) for cell in HOSTILE_CELLS)
    for kind in ("table", "bars"):
        many.show(Exhibit(kind, HOSTILE, (HOSTILE, FORMULA), rows, kind))
    html = page_of(build())
    page = Page(html)
    assert HOSTILE in page.text
    assert not [tag for tag, names in page.tags if tag == "img" or any(name.startswith("on") for name in names)]
    assert "⟨U+202E⟩gnp.exe" in page.text
    assert "a⟨U+0007⟩b" in page.text
    assert not {"\u202e", "\x07"} & set(html)


@pytest.mark.parametrize("cell", HOSTILE_CELLS)
def test_hostile_cells_are_no_formulas(many: BigBook, build: Callable[..., Path], cell: str) -> None:
    """No cell of an exhibit's table, heading or value, is a formula for a spreadsheet."""
    many.show(Exhibit("users", "…", (cell,), ((cell,),)))
    cells = [text for row in cells_of(build(), "artifacts/users.csv") for text in row]
    assert not [text for text in cells if text.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("cell", ["=1+1", "'=1+1", "''@x", "'quoted'", "plain", "007", "line\nfeed", 'a "b", c', ""])
def test_table_reads_back(cell: str) -> None:
    """What a table shields from spreadsheets is read back as it was."""
    assert rows_of(csv_text(("Name",), [(cell, 5)])) == [(cell, 5)]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("licence-pool", "artifacts/licence-pool.csv"),
        ("licence pool", "artifacts/licence-pool.csv"),
        ("../../x", "artifacts/x.csv"),
        ("/", "artifacts/exhibit.csv"),
        ("findings", "artifacts/exhibit-findings.csv"),
        ("changes-100.2", "artifacts/exhibit-changes-100.2.csv"),
    ],
)
def test_name_of_an_exhibit_never_leads_elsewhere(name: str, place: str) -> None:
    """Whatever an exhibit is called, its table lies in artifacts/, and never in the place of another kind of table."""
    assert exhibit_file(name) == place


def test_altered_table_is_found_though_the_manifest_agrees(many: BigBook, build: Callable[..., Path]) -> None:
    """Who alters a row beyond those in result.json is given away by the ledger's entries."""
    many.show(users_exhibit(600))
    archive = build()
    path = archive / "artifacts" / "users.csv"
    path.write_bytes(path.read_bytes().replace(b"user00550@contoso.com", b"other@contoso.com"))
    rehash(archive, "artifacts/users.csv")
    assert "artifacts/users.csv does not hold what the ledger's entries say" in verify_archive(archive)


def test_table_cut_short_is_found(many: BigBook, build: Callable[..., Path]) -> None:
    """A table of an earlier run, of which the ledger's lines are not in the archive, is held against result.json."""
    many.show(users_exhibit(300))
    later = BigBook(many.folder, "run-2", StoryClock())
    later.start("080", "Users")
    archive = build("run-2")
    path = archive / "artifacts" / "users.csv"
    path.write_bytes(b"\r\n".join(path.read_bytes().split(b"\r\n")[:250]) + b"\r\n")
    rehash(archive, "artifacts/users.csv")
    assert "artifacts/users.csv does not hold what result.json says of it" in verify_archive(archive)


def test_table_left_out_is_found(many: BigBook, build: Callable[..., Path]) -> None:
    """A table that is gone from folder and manifest alike is missed all the same."""
    many.show(users_exhibit(3))
    archive = build()
    (archive / "artifacts" / "users.csv").unlink()
    path = archive / "manifest.json"
    manifest = json.loads(path.read_bytes())
    del manifest["files"]["artifacts/users.csv"]
    path.write_text(json.dumps(manifest, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n")
    assert verify_archive(archive) == ["manifest.json does not list artifacts/users.csv"]


def test_exhibit_that_the_ledger_does_not_hold_is_found(many: BigBook, build: Callable[..., Path]) -> None:
    """An exhibit whose entry was altered, the chain made again, no longer comes to what result.json says."""
    many.show(users_exhibit(3))
    archive = build()
    first, *entries = lines_of(archive)
    previous = first["head_before"]
    for entry in entries:
        if entry["kind"] == "exhibit":
            entry["data"]["caption"] = "Another sentence."
        entry["previous"] = previous
        entry["hash"] = previous = entry_hash({key: value for key, value in entry.items() if key != "hash"})
    write_lines(archive, [first, *entries])
    rehash(archive, "ledger.jsonl")
    assert "result.json holds exhibits of this run that its ledger entries do not hold" in verify_archive(archive)


def file_fact(archive: Path) -> tuple[str, str | None]:
    [fact] = result_of(archive).files
    return fact.state, fact.artifact


def test_file_as_it_was_written_is_copied(many: BigBook, build: Callable[..., Path]) -> None:
    """A file of this run that nobody touched is in the archive, byte for byte, and in its manifest."""
    many.write_file("handover/users.csv", LISTED)
    archive = build()
    assert file_fact(archive) == ("as written", "artifacts/files/handover/users.csv")
    assert (archive / "artifacts/files/handover/users.csv").read_bytes() == LISTED.encode()
    assert "artifacts/files/handover/users.csv" in json.loads((archive / "manifest.json").read_bytes())["files"]


def test_file_changed_since_is_named_and_not_copied(many: BigBook, build: Callable[..., Path]) -> None:
    """A file that a person has edited since is no copy of what the step wrote; the archive says so."""
    many.write_file("users.csv", LISTED)
    (many.folder / "users.csv").write_text("edited", encoding="utf-8")
    archive = build()
    assert file_fact(archive) == ("changed since", None)
    assert not (archive / "artifacts" / "files").exists()
    assert "! changed since it was written" in Page(page_of(archive)).text


def test_file_that_is_gone_is_named(many: BigBook, build: Callable[..., Path]) -> None:
    """A file that is no longer in the project folder is told."""
    many.write_file("users.csv", LISTED)
    (many.folder / "users.csv").unlink()
    assert file_fact(build()) == ("not there", None)


def test_archive_built_again_keeps_its_copy(many: BigBook, build: Callable[..., Path]) -> None:
    """Editing the file later changes nothing in the archive of the run that wrote it."""
    many.write_file("users.csv", LISTED)
    before = page_of(build())
    (many.folder / "users.csv").write_text("edited", encoding="utf-8")
    archive = build()
    assert file_fact(archive) == ("as written", "artifacts/files/users.csv")
    assert page_of(archive) == before


def test_file_of_an_earlier_run_is_not_copied(many: BigBook, build: Callable[..., Path]) -> None:
    """The archive of a later run names what an earlier one wrote, and leaves it where it is."""
    many.write_file("users.csv", LISTED)
    later = BigBook(many.folder, "run-2", StoryClock())
    later.start("080", "Users")
    assert file_fact(build("run-2")) == ("not looked at", None)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/hostname", "C:/x", "a\\b"])
def test_file_outside_the_project_folder_is_never_read(many: BigBook, build: Callable[..., Path], name: str) -> None:
    """A ledger that names a path outside the project folder brings nothing into the archive."""
    outside = many.folder.parent / "secret.txt"
    outside.write_text(LISTED, encoding="utf-8", newline="")
    data = {"name": name, "about": "", "bytes": 1, "sha256": f"sha256:{hashlib.sha256(LISTED.encode()).hexdigest()}"}
    many.ledger.append("file_written", data, step="080.2")
    assert file_fact(build()) == ("not looked at", None)


def test_altered_copy_is_found_though_the_manifest_agrees(many: BigBook, build: Callable[..., Path]) -> None:
    """A copy that was edited is not the file that the step wrote."""
    many.write_file("users.csv", LISTED)
    archive = build()
    (archive / "artifacts/files/users.csv").write_text("edited", encoding="utf-8")
    rehash(archive, "artifacts/files/users.csv")
    assert "artifacts/files/users.csv is not users.csv as it was written" in verify_archive(archive)


def test_copy_outside_the_archive_is_never_read(many: BigBook, build: Callable[..., Path]) -> None:
    """A result that names a copy outside the archive's folder is a problem, whatever lies there."""
    many.write_file("users.csv", LISTED)
    archive = build()
    text = (archive / "result.json").read_text(encoding="utf-8").replace('"users.csv"', '"../../../users.csv"')
    text = text.replace("artifacts/files/users.csv", "artifacts/files/../../../users.csv")
    (archive / "result.json").write_text(text, encoding="utf-8", newline="\n")
    rehash(archive, "result.json")
    named = "result.json names artifacts/files/../../../users.csv as the copy of ../../../users.csv"
    assert f"{named}, where no archive keeps it" in verify_archive(archive)


def planned_run(many: BigBook, **more: Any) -> None:
    many.plan_files("users.csv", **more)
    many.end_step("080.2", "Write the list", "planned", "users.csv to be written", side=None)
    many.end("080")


def test_planned_file_is_to_be_written(many: BigBook, build: Callable[..., Path]) -> None:
    """A plan that only writes a file is a complete plan; page, answer and open items say what is to be written."""
    planned_run(many)
    archive = build()
    result = result_of(archive)
    assert result.answer == "The plan of section 080 is completely made: 1 file to be written; nothing was changed"
    assert [item.what for item in result.open_items] == ["Write users.csv: Who moves: fill it in."]
    assert "◇ to be written" in Page(page_of(archive)).text


def test_written_file_is_no_longer_planned(many: BigBook, build: Callable[..., Path]) -> None:
    """A planned file that was then written is not left to do, and the answer counts it."""
    many.plan_files("users.csv")
    many.write_file("users.csv", LISTED)
    many.find("pass", step="080.2")
    many.end_step("080.2", "Write the list", "applied", "users.csv written", side=None)
    many.end("080")
    result = result_of(build())
    assert (result.planned_files, result.open_items) == ((), ())
    assert (
        result.answer == "Section 080 is done and verified: no tenant was changed, 1 file was written, 1 check passed"
    )


def test_plan_of_changes_and_files_counts_both(many: BigBook, build: Callable[..., Path]) -> None:
    """Changes and files of one plan are counted apart."""
    planned_run(many, changes=[create_user(1, "080.2")])
    result = result_of(build())
    assert "1 change planned, 1 file to be written" in result.answer
    assert (result.run.planned, result.run.planned_files) == (1, 1)
