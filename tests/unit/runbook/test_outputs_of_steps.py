"""Files and exhibits of steps: written like changes, shown like findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fake_tenants import Runbook

from xtmig_kernel.errors import EngineError
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.runbook import Step

if TYPE_CHECKING:
    from pathlib import Path

LIST = ProjectFile("users.csv", "SourceAddress,TargetAddress\n", "who moves")
POOL = Exhibit("pool", "Seats of the add-on.", ("subscription", "used", "free"), (("add-on", 3, 27),), "bars")


def step(**changes: Any) -> Step:
    fields: dict[str, Any] = {
        "id": "050.9",
        "title": "Write the list",
        "side": None,
        "why": "So that it is frozen.",
        "reads": ("target.applications",),
        "verifies": ("application-registered",),
        "plans_from": ("target.applications",),
        "files": lambda _seen, _project: (LIST,),
        "shows": lambda _seen, _project: (POOL,),
    }
    return Step(**fields | changes)


def made(runbook: Runbook, folder: Path) -> Runbook:
    runbook.project = runbook.project.model_copy(update={"folder": folder})
    return runbook


@pytest.fixture
def here(runbook: Runbook, tmp_path: Path) -> Runbook:
    return made(runbook, tmp_path)


def test_a_plan_writes_no_file(here: Runbook, tmp_path: Path) -> None:
    """In a plan the file is named as to be written, and the folder does not have it."""
    view = here.engine("050", may_write=False).run(step())
    assert (view.state, view.note) == ("planned", "users.csv to be written")
    assert not (tmp_path / "users.csv").exists()


def test_applying_writes_the_file_whole(here: Runbook, tmp_path: Path) -> None:
    """Applied, the file stands in the project folder, and the ledger holds its name and its SHA-256."""
    view = here.engine("050").run(step())
    assert (view.state, (tmp_path / "users.csv").read_text(encoding="utf-8")) == ("applied", LIST.text)
    (entry,) = here.ledger.entries("file_written")
    assert entry.data["name"] == "users.csv"
    assert entry.data["sha256"] == "sha256:4e681e92c1142ae84a4a5a06c011c6bdffa29ee20a8746d848635bb0abd8411e"


def test_a_file_that_is_right_is_no_change(here: Runbook) -> None:
    """Applied again, nothing is planned, since the file is as it shall be."""
    here.engine("050").run(step())
    assert here.engine("050").run(step()).state == "no change"
    assert len(here.ledger.entries("file_written")) == 1


def test_a_blocked_step_writes_no_file(here: Runbook, tmp_path: Path) -> None:
    """What holds a step back holds its files back too."""
    here.fakes.set("target.migration_endpoints", [])
    blocked = step(reads=("target.applications", "target.migration_endpoints"), requires=("endpoint-cross-tenant",))
    here.engine("050").run(blocked)
    assert not (tmp_path / "users.csv").exists()


def test_a_file_that_cannot_be_written_is_one_clear_error(here: Runbook, tmp_path: Path) -> None:
    """Where the place is taken by a folder, the step fails, says so, and leaves nothing half-written."""
    (tmp_path / "users.csv" / "inside").mkdir(parents=True)
    view = here.engine("050").run(step())
    assert view.state == "failed"
    assert isinstance(view.problem, EngineError)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_an_exhibit_is_shown_and_written_down(here: Runbook) -> None:
    """What a step shows is in its view and in the ledger, caption, columns and rows."""
    view = here.engine("050", may_write=False).run(step())
    assert view.exhibits == (POOL,)
    data = here.ledger.entries("exhibit")[-1].data
    assert (data["caption"], data["rows"]) == ("Seats of the add-on.", [["add-on", 3, 27]])


def test_an_exhibit_that_has_not_changed_is_written_down_once_in_a_run(here: Runbook) -> None:
    """Looking again at the same adds nothing to the ledger; what differs is added, also if it was so before."""
    many = replace(POOL, rows=(("add-on", 4, 26),))
    for shown in (POOL, POOL, many, POOL):
        here.engine("050", may_write=False).look(step(shows=lambda _seen, _project, shown=shown: (shown,)))
    rows = [entry.data["rows"] for entry in here.ledger.entries("exhibit")]
    assert rows == [[["add-on", 3, 27]], [["add-on", 4, 26]], [["add-on", 3, 27]]]


def test_no_exhibit_without_its_facts(here: Runbook) -> None:
    """Where a fact is missing nothing is shown, so that an empty table is never taken for an empty tenant."""
    here.fakes.unreadable.add("target.applications")
    view = here.engine("050", may_write=False).run(step())
    assert (view.exhibits, here.ledger.entries("exhibit")) == ((), [])


def test_a_step_with_files_does_more_than_look() -> None:
    """A step that writes a file is not one that only looks."""
    assert not step().only_looks


@pytest.mark.parametrize("name", ["", "../users.csv", "/users.csv", "a//b", "c:users.csv", "a\\b", "a/./b"])
def test_a_file_stays_in_the_project_folder(name: str) -> None:
    """No name leads out of the project folder."""
    with pytest.raises(ValueError, match="no path inside"):
        ProjectFile(name, "", "")


def test_rows_fit_their_columns() -> None:
    """An exhibit with a row of another length is a fault, found at once."""
    with pytest.raises(ValueError, match="2 cells for 3 columns"):
        Exhibit("x", "x", ("a", "b", "c"), (("1", 2),))
