"""What a shipped notebook is, before anybody runs it."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from notebook_practice import NOTEBOOKS

from xtmig_kernel.runbook import BY_NUMBER, SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.runbook import Section

LONGEST_CELL = 6
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_cells(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_every_section_has_its_notebook() -> None:
    """Sections and notebooks belong together one to one, by file name."""
    assert [section.notebook for section in SECTIONS] == [path.name for path in NOTEBOOKS]


@each_notebook
def test_notebook_is_valid(path: Path) -> None:
    """A notebook keeps to the notebook format, cell ids included."""
    nbformat.validate(nbformat.read(path, as_version=4))
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_notebook_names_its_kernel(path: Path) -> None:
    """A notebook opens with the kernel that redacts."""
    assert "xtmig" == read(path)["metadata"]["kernelspec"]["name"]
    assert "python" == read(path)["metadata"]["kernelspec"]["language"]


@each_notebook
def test_exactly_one_cell_takes_parameters(path: Path) -> None:
    """One cell carries the tag `parameters`, and holds plain literals alone."""
    tagged = [cell for cell in code_cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert 1 == len(tagged)
    statements = ast.parse(source(tagged[0])).body
    assigned = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in statements
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
    assert len(statements) == len(assigned)
    assert {"project": ".", "mode": "interactive", "run": ""} == assigned


@each_notebook
def test_notebook_holds_no_result(path: Path) -> None:
    """Outputs, counters and widget state belong to a run, never to what is shipped."""
    assert "widgets" not in read(path)["metadata"]
    for cell in code_cells(path):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


@each_notebook
def test_cells_hold_no_logic(path: Path) -> None:
    """A cell is a few lines of calls: no function, no class, no loop, no condition."""
    logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.Try)
    for cell in code_cells(path):
        assert source(cell).count("\n") < LONGEST_CELL
        assert not [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, logic)]


@each_notebook
def test_steps_are_those_of_the_section(path: Path) -> None:
    """A notebook goes through the steps of its section, each once, in their order."""
    text = "\n".join(source(cell) for cell in code_cells(path))
    section = BY_NUMBER[path.name[:3]]
    assert [step.id for step in section.steps] == re.findall(r'section\["(\d{3}\.\d+)"\]', text)


@each_notebook
def test_every_step_has_its_cells(path: Path) -> None:
    """A step is looked at and verified; one that may write is planned and applied in between."""
    calls = [found for cell in code_cells(path) for found in re.findall(r"step\.(\w+)\(\)", source(cell))]
    expected = []
    for step in BY_NUMBER[path.name[:3]].steps:
        expected += ["look", "verify"] if step.only_looks else ["look", "plan", "apply", "verify"]
    assert expected == calls


@pytest.mark.parametrize("section", [section for section in SECTIONS if section.sides], ids=lambda s: s.number)
def test_notebook_tells_what_a_person_must_know(section: Section) -> None:
    """A notebook says why, what changes, what goes wrong, the way back, and where Microsoft errs."""
    [path] = [path for path in NOTEBOOKS if path.name == section.notebook]
    text = source(read(path)["cells"][0])
    for heading in ("Why.", "What changes.", "How it can go wrong.", "How to undo it.", "Where Microsoft's document"):
        assert f"**{heading}" in text
