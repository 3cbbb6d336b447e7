"""Sections done by xtmig in this process, and the states in which two ways of doing them can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e2e_workplace import SIDES
from stand_in_scripts import PASSES, PAUSE_SECONDS

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runbook import BY_NUMBER, open_section

if TYPE_CHECKING:
    from pathlib import Path

    from e2e_workplace import Workplace
    from simulator_process import SimulatorProcess

CONFIGURED = ("050", "060", "070", "080", "090", "100")
OF_THE_MOMENT = ("end", "key_id", "secret", "guid")
"""What is made anew each time: moments, secrets, and ids of what has no key of its own."""


def applied(place: Workplace, section: str, mode: Any) -> int:
    """Run a section in this process; the highest level of what it planned."""
    opened = open_section(section, project=place.project, mode=mode, redactor=Redactor())
    for side in BY_NUMBER[section].sides:
        opened.sign_in(side)
    views = [opened.engine.run(step) for step in opened.section.steps]
    opened.close()
    return max((int(change.level) for view in views for change in view.changes), default=0)


def by_xtmig(place: Workplace, section: str, key: Path) -> None:
    """Plan, approve and apply a section, as often as a person would."""
    for _ in range(PASSES):
        if applied(place, section, "plan") > 1:
            place.approve(section, key)
        applied(place, section, "apply")
        place.simulator.advance(PAUSE_SECONDS)


def both(simulator: SimulatorProcess) -> dict[str, Any]:
    """The states of both tenants."""
    return {side: simulator.state(side) for side in SIDES}


def lasting(value: Any) -> Any:
    """A state without what is of the moment."""
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in OF_THE_MOMENT}
    return [lasting(item) for item in value] if isinstance(value, list) else value
