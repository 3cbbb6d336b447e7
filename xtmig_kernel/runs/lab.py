"""JupyterLab on a project, and simulated tenants beside it: `xtmig open`, `xtmig simulate`."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365.simulated import SimulatedClock, read_connection
from xtmig_kernel.project.files import PROJECT_FILE
from xtmig_kernel.runs.folder import copy_notebooks, new_project
from xtmig_kernel.runs.practice import (
    CONNECTION_FILE,
    practice_project,
    practice_tenants,
    simulation_folder,
    take_users_over,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

FIRST_NOTEBOOK = "notebooks/000-project-status.ipynb"


def open_lab(folder: Path, options: Sequence[str], *, browser: bool) -> int:
    """Start JupyterLab on a project's runbook, and stay until it ends.

    Args:
        folder: The project folder.
        options: Further options of JupyterLab.
        browser: Whether to open the system's browser.

    Returns:
        JupyterLab's exit code.

    Raises:
        UsageError: The folder holds no project.
    """
    if not (folder / PROJECT_FILE).exists():
        raise UsageError(f"{folder.resolve()} holds no project", remedy="Make one with: xtmig new FOLDER")
    copy_notebooks(folder)
    command = [sys.executable, "-P", "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}", FIRST_NOTEBOOK]
    command += [*([] if browser else ["--no-browser"]), *options]
    return subprocess.call(command, cwd=folder)  # noqa: S603 - our own interpreter, no shell


def simulate_until_stopped(
    project: Path | None, tenants: Path, options: Sequence[str], progress: Callable[[str], None]
) -> int:
    """Run two simulated tenants until Ctrl+C.

    Args:
        project: Make, or use, a practice project in this folder; its operator signs in by the browser.
        tenants: What the tenants hold.
        options: Further options of the simulator.
        progress: Takes one sentence at a time.

    Returns:
        0 when it was stopped, the simulator's own exit code otherwise.
    """
    folder = simulation_folder(project or Path())
    with practice_tenants(folder, tenants, options) as practice:
        if project is not None and not (project / PROJECT_FILE).exists():
            new_project(project, practice_project(practice, tenants, by_person=True))
            take_users_over(tenants, project)
        progress(f"two simulated tenants are running; practice pages at {practice.connection['portal']}")
        progress(
            f"next, in another window: xtmig open {project}"
            if project
            else f"connection file: {practice.connection_file}"
        )
        progress("stop with Ctrl+C; the tenants forget everything when they stop")
        try:
            return practice.wait()
        except KeyboardInterrupt:
            return 0


def advance_running(project: Path, days: float) -> datetime:
    """Move the calendar of practice tenants that run in another window.

    Args:
        project: Their practice project, or the folder that they were started in.
        days: How far.

    Returns:
        What the calendar says then, UTC.

    Raises:
        ProjectFileError: No practice tenants were started there.
        Unavailable: They do not run any more.
    """
    connection = read_connection(simulation_folder(project) / CONNECTION_FILE)
    clock = SimulatedClock(connection.control, connection.control_token, connection.ca_file)
    clock.advance(timedelta(days=days).total_seconds())
    return clock.now()
