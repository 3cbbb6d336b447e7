"""Every shipped notebook is executed, cell by cell, by nbval: with the kernel that redacts, on simulated tenants."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from notebook_practice import NOTEBOOKS

from xtmig_kernel.runbook import SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from notebook_practice import Practice

CELL_SECONDS, ALL_SECONDS = 120, 900


def with_parameters(path: Path, folder: Path, **parameters: str) -> tuple[Path, int]:
    """A copy of a notebook for a run without a person, and how many code cells it has."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (given,) = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    given["source"] = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    copy = folder / path.name
    copy.write_text(json.dumps(notebook), encoding="utf-8")
    return copy, len(cells)


def nbval(practice: Practice, paths: list[Path], **parameters: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run `pytest --nbval-lax` on copies of these notebooks, as anybody would."""
    given = {"project": str(practice.folder), "mode": "plan", "run": "nbval", **parameters}
    copies = [with_parameters(path, practice.out, **given) for path in paths]
    command = [sys.executable, "-m", "pytest", "--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS}", "-q"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(practice.out), *(str(copy) for copy, _ in copies)]
    done = subprocess.run(
        command, cwd=practice.out, capture_output=True, text=True, encoding="utf-8", timeout=ALL_SECONDS, check=False
    )
    return done, sum(number for _, number in copies)


def test_a_notebook_passes_nbval(practice: Practice) -> None:
    """Notebook 010 is executed whole: nbval counts each of its code cells, and the ledger tells how its steps ended."""
    paths = [path for path in NOTEBOOKS if path.name.startswith("010-")]
    done, cells = nbval(practice, paths)
    assert done.returncode == 0, done.stdout
    assert f"{cells} passed" in done.stdout
    assert {entry.step for entry in practice.ledger("step_ended")} == {"010.1", "010.2", "010.3"}


def test_nbval_tells_a_notebook_that_breaks(practice: Practice) -> None:
    """A notebook whose project is not there fails under nbval: the test above can turn red."""
    paths = [path for path in NOTEBOOKS if path.name.startswith("010-")]
    done, _ = nbval(practice, paths, project=str(practice.out))
    assert done.returncode == 1, done.stdout


@pytest.mark.deep
def test_every_notebook_passes_nbval(practice: Practice) -> None:
    """All notebooks from 000 to 300 are executed by the kernel `xtmig`, and no cell of any of them raises."""
    done, cells = nbval(practice, NOTEBOOKS)
    assert done.returncode == 0, done.stdout
    assert f"{cells} passed" in done.stdout
    ended = {entry.step for entry in practice.ledger("step_ended")}
    assert ended == {step.id for section in SECTIONS for step in section.steps}
