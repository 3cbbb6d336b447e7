"""Fixtures: a project folder whose ledger tells a story, as `report_story` writes it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from report_notebooks import code_cell, notebook, shown
from report_story import HOSTILE, Book, StoryClock, tell_story, write_project

from xtmig_kernel.report import build_archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "northwind"
    folder.mkdir()
    write_project(folder)
    return folder


@pytest.fixture
def open_book(project_folder: Path) -> Callable[[str], Book]:
    clock = StoryClock()
    return lambda run: Book(project_folder, run, clock)


@pytest.fixture
def book(open_book: Callable[[str], Book]) -> Book:
    """The ledger of a run whose section has been opened."""
    made = open_book("run-1")
    made.start("070", "Target: endpoint and relationship")
    return made


@pytest.fixture
def story(open_book: Callable[[str], Book], project_folder: Path) -> Path:
    """A project folder with two runs, `run-1` and `run-2`, and the folder `archive` with a notebook in it."""
    tell(open_book, project_folder)
    return project_folder


def tell(open_book: Callable[[str], Book], project_folder: Path) -> None:
    tell_story(open_book("run-1"), open_book("run-2"))
    folder = project_folder / "archive"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "070.ps1").write_text("# a script\n", encoding="utf-8")
    cells = (
        {
            "cell_type": "markdown",
            "id": "m",
            "metadata": {},
            "source": "# 070 Endpoint\n\nSee [the page](https://learn.microsoft.com/x) and [060](060-consent.ipynb). "
            "<script>alert(3)</script>",
        },
        code_cell("mode = 'apply'", tags=("parameters",), name="p"),
        code_cell(
            "section.look()",
            shown(
                html=f"<div class='card' onclick='alert(4)'>{HOSTILE}</div><style>@import url(https://evil.example/a.css)</style>",
                plain="card",
            ),
            name="c1",
        ),
        code_cell("print()", {"output_type": "stream", "name": "stdout", "text": HOSTILE}, name="c2"),
    )
    (folder / "notebooks" / "070-endpoint.ipynb").write_text(notebook(*cells), encoding="utf-8")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story's project folder with the archive of its second run, built once; tests work on copies."""
    folder = tmp_path_factory.mktemp("built") / "northwind"
    folder.mkdir()
    write_project(folder)
    clock = StoryClock()
    tell(lambda run: Book(folder, run, clock), folder)
    build_archive(folder, "run-2", folder / "archive")
    return folder


@pytest.fixture
def archive(built: Path, story: Path) -> Path:
    """The archive of the story's second run."""
    shutil.rmtree(story / "archive")
    shutil.copytree(built / "archive", story / "archive")
    return story / "archive"
