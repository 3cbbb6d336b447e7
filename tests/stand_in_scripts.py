"""Sections done by scripts alone: written by xtmig, run in the stand-in shell, their results read by xtmig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_in_sessions import Session, Simulated
from stand_in_shell import Thrown

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runs.script import write_scripts
from xtmig_kernel.runs.script_results import read_results

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulator_process import SimulatorProcess

PASSES = 3
"""A section is scripted again until nothing is left to change, as whoever runs scripts does."""
PAUSE_SECONDS = 600


def scripts_of(project: Path, section: str) -> list[Path]:
    """The scripts of a section, as `xtmig powershell` writes them."""
    return list(write_scripts(project, section, Redactor(), None, lambda _sentence: None).paths)


def changes_something(script: Path) -> bool:
    """Whether a script holds changes, and not only reads."""
    return "Add-Record 'changes'" in script.read_text(encoding="utf-8-sig")


def run_section(
    project: Path, section: str, simulator: SimulatorProcess, tenants: dict[str, Any], secrets: Mapping[str, str]
) -> list[str]:
    """Script a section, run the scripts, and read their results, until nothing is left.

    Args:
        project: The project folder.
        section: Its number.
        simulator: Both tenants.
        tenants: Their tenants file; the operators are the first applications.
        secrets: The operators' secrets by their variables.

    Returns:
        What reading the results told, and the errors with which scripts ended.
    """
    told = []
    for _ in range(PASSES):
        paths = scripts_of(project, section)
        for path in paths:
            side = path.stem.split("-")[1]
            application = tenants[side]["applications"][0]
            secret = secrets[application["secret_from_env"]]
            session = Session(Simulated(simulator, side, application["app_id"], secret), path.parent)
            try:
                session.run(path)
            except Thrown as error:
                told.append(str(error))
            told += read_results(project, section, path.with_name(f"{path.stem}.results.json"), Redactor())
        if not any(map(changes_something, paths)):
            break
        simulator.advance(PAUSE_SECONDS)
    return told
