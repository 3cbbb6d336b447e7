"""Column `Wave` of `users.csv` as step 120.2 would fill it in; what a person wrote there stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.project.users import USERS_FILE, from_columns
from xtmig_kernel.rules.batches import BATCHES, batches_of, wave_names
from xtmig_kernel.rules.permissions import PERMISSION_FACTS, ties
from xtmig_kernel.runbook.users_file import STAYING, whole_text
from xtmig_kernel.waves import WavePlan, plan_waves

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

CHOSEN = "source.chosen_users"
WAVE_FILE_FACTS = (*PERMISSION_FACTS, STAYING, BATCHES)


def planned(seen: Seen, project: Project) -> WavePlan:
    """Everybody's wave: the one in `users.csv`, or the one that this step would fill in (PRM-08, BAT-11).

    Args:
        seen: Holds `WAVE_FILE_FACTS`.
        project: Gives size, pilot and waves.
    """
    return seen.derived(_planned, WAVE_FILE_FACTS, project)


def _planned(seen: Seen, project: Project) -> WavePlan:
    listed = {str(row["SourceAddress"]): str(row["Wave"] or "") for row in seen.rows(CHOSEN) if row["Line"]}
    by_name = {address.casefold(): address for address in listed}
    return plan_waves(
        listed,
        ties(seen, project),
        size=project.move.batch_size,
        written={address: wave for address, wave in listed.items() if wave},
        pilot=[by_name[address.casefold()] for address in project.move.pilot if address.casefold() in by_name],
        names=[wave.name for wave in project.move.waves],
        closed=_closed(seen, project),
    )


def _closed(seen: Seen, project: Project) -> list[str]:
    """Waves that nobody is added to by itself, because their batch is there."""
    return [name for name in wave_names(seen, project) if batches_of(seen, project, name)]


def waves_file(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The file where somebody has no wave yet; none where everybody has one.

    Args:
        seen: Holds `WAVE_FILE_FACTS`.
        project: Gives size, pilot and waves.
    """
    rows = [from_columns(row) for row in seen.rows(CHOSEN) if row["Line"]]
    missing = sum(not row.wave for row in rows)
    if not missing:
        return ()
    waves = planned(seen, project).waves
    after = [row if row.wave else replace(row, wave=waves[row.source_address]) for row in rows]
    about = (
        f"Who moves, with the wave of each: {missing} of {counted(len(rows), 'user')} get one, the others keep theirs."
    )
    return (ProjectFile(USERS_FILE, whole_text(seen, after), about),)


def waves_file_exhibits(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Everybody's wave, how many each wave has, and the ties that would be broken (PRM-07, PRM-08).

    Args:
        seen: Holds `WAVE_FILE_FACTS`.
        project: Gives size, pilot and waves.
    """
    listed = [row for row in seen.rows(CHOSEN) if row["Line"]]
    if not listed:
        return ()
    plan = planned(seen, project)
    users = tuple(
        (
            int(row["Line"]),
            str(row["SourceAddress"]),
            plan.waves[str(row["SourceAddress"])],
            "" if row["Wave"] else "the wave",
        )
        for row in listed
    )
    broken = tuple(
        (tie.owner, plan.waves[tie.owner], tie.trustee, plan.waves[tie.trustee], ", ".join(tie.rights))
        for tie in plan.broken
    )
    return (
        _sums(users),
        Exhibit(
            "wave-users",
            f"{USERS_FILE} with the waves that this step fills in; what stands there already stays.",
            ("Line", "Source address", "Wave", "What is new"),
            users,
        ),
        Exhibit(
            "broken-ties",
            f"Users with rights on each other's mailboxes in different waves: {len(broken)}. Between the two cutovers "
            "these rights do not work.",
            ("Mailbox", "Its wave", "Who has the right", "Their wave", "Right"),
            broken,
        ),
    )


def _sums(users: tuple[tuple[int, str, str, str], ...]) -> Exhibit:
    spelling: dict[str, str] = {}
    for _, _, wave, _ in users:
        spelling.setdefault(wave.casefold(), wave)
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (
            name,
            sum(wave.casefold() == folded and not new for _, _, wave, new in users),
            sum(wave.casefold() == folded and bool(new) for _, _, wave, new in users),
        )
        for folded, name in sorted(spelling.items(), key=lambda item: (item[0] != "pilot", item[0]))
    )
    caption = "Users by wave: those who had it, and those whom this step puts into it."
    return Exhibit("planned-waves", caption, ("Wave", "had it", "put into it"), rows, "bars")
