"""A section as a PowerShell script: `xtmig powershell`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.powershell import script
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.changes import Change
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Side, SideSettings


def write_scripts(
    folder: Path,
    section: str,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
) -> list[Path]:
    """Plan a section now, and write its changes as one script a side. Writes nothing to a tenant.

    Args:
        folder: The project folder.
        section: Number of the section.
        redactor: Learns every secret.
        show: Shows a person a message and a link, for the sign-in.
        progress: Takes one sentence at a time.

    Returns:
        The scripts that were written, none where nothing would change.

    Raises:
        XtmigError: The project cannot be used, or nobody could be signed in.
    """
    opened = open_section(section, project=folder, mode="plan", redactor=redactor, show=show, progress=progress)
    for side in opened.section.sides:
        opened.sign_in(side)
    planned: dict[Side, list[Change]] = {}
    for step in opened.section.steps:
        view = opened.engine.run(step)
        opened.views[step.id] = view
        for change in view.changes:
            planned.setdefault(change.side, []).append(change)
    opened.close()
    project, title = opened.project, opened.section.title
    return [
        _write(project.folder, section, title, side, changes, project.side(side)) for side, changes in planned.items()
    ]


def _write(folder: Path, section: str, title: str, side: Side, changes: list[Change], settings: SideSettings) -> Path:
    path = folder / "scripts" / f"{section}-{side}.ps1"
    connect = {"tenant_id": settings.tenant_id, "domain": settings.domain}
    # a byte order mark, because Windows PowerShell 5.1 reads a file without one as ANSI
    write_whole(path, "\ufeff" + script(f"{section} {title}, {side} tenant", changes, connect))
    return path
