"""What a kernel leaves on the computer of whoever ran a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from kernel_running import RUN_WITH_NBCLIENT, RUN_WITH_PAPERMILL, run_notebook

if TYPE_CHECKING:
    from pathlib import Path

WHERE = """
import os
print('home', os.environ['HOME'], get_ipython().profile_dir.location)
"""


@pytest.mark.parametrize("script", [RUN_WITH_NBCLIENT, RUN_WITH_PAPERMILL], ids=["nbclient", "papermill"])
def test_nothing_is_left_behind(tmp_path: Path, script: str) -> None:
    """After a notebook was executed, the kernel has left no file and no folder in the home and the temp folder."""
    run = run_notebook(script, tmp_path, [nbformat.v4.new_code_cell(WHERE)], {"PARAMETERS": "{}"})
    assert f"home {tmp_path / 'home'} {tmp_path / 'temp' / 'xtmig-kernel-'}" in run.everything  # so it ran with these
    clients = tmp_path / "home" / ".ipython"  # Jupyter's client makes it, empty, when it looks for kernels
    left = {path for name in ("home", "temp") for path in tmp_path.glob(f"{name}/**/*")}
    assert left <= {clients}


def test_start_up_files_of_a_person_do_not_run(tmp_path: Path) -> None:
    """What a person has IPython do at every start could do anything with a secret, so this kernel does not do it."""
    startup = tmp_path / "home" / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-first.py").write_text("begun = 'by the start-up file'", encoding="utf-8")
    cells = [nbformat.v4.new_code_cell("print('begun' in globals())")]
    run = run_notebook(RUN_WITH_NBCLIENT, tmp_path, cells, {})
    assert "False" in run.everything
