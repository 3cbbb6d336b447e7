"""Notebook 040 executed without a person on a stored snapshot: no tenant, no sign-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core_facts import NOW, settings
from many_pairs import keep, pairs, spoiled
from notebook_practice import ROOT

from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from pathlib import Path


def offline_project(folder: Path, users: int, each: int, **first: Any) -> None:
    """A project whose snapshot holds so many users, so many of them with each of three defects."""
    new_project(folder, settings())
    tables = spoiled(pairs(users), each)
    tables["source.mailboxes"][0] |= first
    keep(folder, tables, NOW)


def executed_offline(folder: Path) -> Path:
    """Notebook 040 as papermill saves it, in plan mode; the cell that signs in is left out."""
    import papermill

    notebook = json.loads((ROOT / "notebooks" / "040-assess.ipynb").read_text(encoding="utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if "section.sign_in()" not in "".join(cell["source"])]
    source, target = folder / "notebooks" / "offline.ipynb", folder / "executed.ipynb"
    source.write_text(json.dumps(notebook), encoding="utf-8")
    parameters = {"project": str(folder), "mode": "plan", "run": "offline"}
    given = {"progress_bar": False, "store_widget_state": False, "cwd": str(folder)}
    papermill.execute_notebook(str(source), str(target), parameters, **given)
    return target
