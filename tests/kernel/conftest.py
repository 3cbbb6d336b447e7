from __future__ import annotations

import nbformat
import pytest
from kernel_leaks import HERE, PREPARATION
from kernel_running import RUN_WITH_NBCLIENT, Run, leak_cells, run_notebook


@pytest.fixture(scope="session")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One kernel in which every way was tried, with a secret and with a control."""
    variables, cells = {}, [nbformat.v4.new_code_cell(PREPARATION)]
    for leak in HERE:
        for kind, value in (("control", leak.control), ("secret", leak.secret)):
            variables[leak.variable(kind)] = value
            cells += leak_cells(leak, kind)
    known = [leak.variable("secret") for leak in HERE if leak.registered == "start"]
    variables["XTMIG_SECRET_VARIABLES"] = ",".join(known)
    return run_notebook(RUN_WITH_NBCLIENT, tmp_path_factory.mktemp("leaks"), cells, variables)
