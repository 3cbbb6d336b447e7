"""Step 190.2: what it shows of folders, settings and groups of moved users beside what was before the cutover. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.after_groups import FACTS as GROUP_FACTS
from xtmig_kernel.rules.after_groups import belongings
from xtmig_kernel.rules.after_settings import KINDS, compared
from xtmig_kernel.runbook.after_files import show_counts

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

COLUMNS = ("User", "Setting", "Before", "Now", "To expect in the target")


def show_compared(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Folders that differ, and every setting that a moved mailbox had before and does not have now."""
    return (*show_counts(seen, project), *_settings(seen, project))


def _settings(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """What could not be observed is left out here; the findings say so."""
    rows: list[tuple[str, ...]] = [
        (item.moved.label, one.parameter, one.before, one.now, one.expected)
        for kind in KINDS
        if seen.has(*kind.facts)
        for item in compared(seen, project, kind)
        for one in item.differences
    ]
    if seen.has(*GROUP_FACTS):
        rows += [
            (item.moved.label, "group", str(row["Group"]), "in none of that name", "a group that stands for it")
            for item in belongings(seen, project)
            for row in item.lost
        ]
    if not rows:
        return ()
    caption = "What moved mailboxes and users had in the source before the cutover and do not have in the target now."
    by_user = sorted(rows, key=lambda row: row[0].casefold())
    return (Exhibit("settings-compared", caption, COLUMNS, tuple(by_user)),)
