"""Which batches and migration users are this project's, of which wave they are, and what their states mean. Pure.

One wave is one batch (`Project.batch_name`); a batch that takes users again after a removal is called that and `-r2`,
`-r3` and so on. Every other batch is somebody else's: it is looked at, lest somebody be moved twice, and never touched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules import matching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.project.model import Wave
    from xtmig_kernel.rules.rule import Seen

BATCHES = "target.migration_batches"
MIGRATION_USERS = "target.migration_users"
WAVE_FACTS = (*matching.FACTS, "source.mail_users")
"""Facts by which it is known who is in which wave, and under which address in the target."""

QUEUED = frozenset({"Queued", "Validating", "Starting", "Provisioning", "ProvisionUpdating", "Provisioned"})
ON_THE_WAY = QUEUED | {"Syncing"}
"""States of users whose first copy is not whole yet."""
AT_REST = frozenset({"Synced", "IncrementalSynced", "IncrementalSyncing"})
"""States of users whose copy is whole but for what comes at the end: 95 % is where they wait, in good health."""
COMPLETING = frozenset({"Completing", "CompletionSynced", "CompletionInProgress"})
DONE = frozenset({"Completed", "CompletedWithWarnings"})
FAILED = frozenset({"Failed", "IncrementalFailed", "CompletionFailed", "Corrupted", "CorruptData"})
NEEDS_A_PERSON = frozenset({"NeedsApproval"})
"""States that no waiting ends: a licence is missing, or skipped items are to be decided (LIC-11, LIC-15)."""
STOPPED = frozenset({"Stopping", "Stopped", "IncrementalStopped"})
BATCH_COMPLETES = frozenset({"Completing", "Completed", "CompletedWithErrors"})
"""States of batches that can no longer be stopped."""

_AGAIN = re.compile(r"-r([2-9]|[1-9][0-9]+)")


@dataclass(frozen=True)
class Moving:
    """One user of a wave.

    Args:
        user: The row of `chosen_users`.
        address: The primary address in the target, by which a batch names the user (BAT-06); None while the target
            has neither the MailUser nor the mailbox.
        source: The source object that answers to the user's address: a mailbox, or after the move a MailUser.
        target: The target's MailUser, None where there is none, or where it has become the mailbox.
        mailbox: The target's recipient that has the mailbox already; None before the move.
        match: How the line was matched; after the move there is no source mailbox in it.
    """

    user: Row
    address: str | None
    source: Row | None
    target: Row | None
    mailbox: Row | None
    match: matching.Match

    @property
    def has_moved(self) -> bool:
        """Whether the target has the mailbox, or the source has none any more."""
        gone = self.source is not None and self.source["RecipientTypeDetails"] == "MailUser"
        return self.mailbox is not None or gone

    @property
    def label(self) -> str:
        """How findings name the user: by the address in `users.csv`."""
        return str(self.user["SourceAddress"])


def wave_names(seen: Seen, project: Project) -> tuple[str, ...]:
    """All waves: those of `project.yaml` in their order, then those that `users.csv` alone names, in its order.

    Args:
        seen: Holds `source.chosen_users`.
        project: Its waves. Names are compared without case; the spelling of `project.yaml` counts.
    """
    names = {wave.name.casefold(): wave.name for wave in project.move.waves}
    for user in seen.rows("source.chosen_users"):
        name = str(user["Wave"] or "")
        if name:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def wave_settings(project: Project, wave: str) -> Wave | None:
    """A wave's dates in `project.yaml`.

    Args:
        project: The project.
        wave: Its name.
    """
    return next((item for item in project.move.waves if item.name.casefold() == wave.casefold()), None)


def waves(seen: Seen, project: Project) -> dict[str, tuple[Moving, ...]]:
    """Who is in which wave; a wave of `project.yaml` that nobody is in is empty, and who is in no wave is not in here.

    Args:
        seen: Holds `WAVE_FACTS`.
        project: Gives waves and rules for names.
    """
    return seen.derived(_waves, WAVE_FACTS, project)


def _waves(seen: Seen, project: Project) -> dict[str, tuple[Moving, ...]]:
    spelt = {name.casefold(): name for name in wave_names(seen, project)}
    found: dict[str, list[Moving]] = {name: [] for name in spelt.values()}
    for moving in everybody(seen, project):
        name = str(moving.user["Wave"] or "").casefold()
        if name:
            found[spelt[name]].append(moving)
    return {name: tuple(users) for name, users in found.items()}


def everybody(seen: Seen, project: Project) -> tuple[Moving, ...]:
    """Every line of `users.csv`, whether it has a wave or none, in its order.

    Args:
        seen: Holds `WAVE_FACTS`.
        project: Gives the rules for names.
    """
    return seen.derived(_everybody, WAVE_FACTS, project)


def _everybody(seen: Seen, project: Project) -> tuple[Moving, ...]:
    holding: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows("target.recipients"):
        if row["ExchangeGuid"] and str(row["RecipientTypeDetails"]).endswith("Mailbox"):
            holding[str(row["ExchangeGuid"])].append(row)
    pairs = zip(matching.matches(seen, project), matching.source_holders(seen), strict=True)
    return tuple(_moving(match, holder, holding) for match, (_, holder) in pairs)


def _moving(match: matching.Match, holder: Row | None, holding: Mapping[str, list[Row]]) -> Moving:
    guid = str(holder["ExchangeGuid"] or "") if holder is not None else ""
    moved = holding.get(guid, []) if guid else []
    mailbox = moved[0] if len(moved) == 1 else None
    target = None if mailbox is not None else match.target
    known = mailbox if mailbox is not None else target
    address = str(known["PrimarySmtpAddress"] or "") if known is not None else ""
    return Moving(match.user, address or None, holder, target, mailbox, match)


def wave_of_batch(name: str, project: Project, waves: Iterable[str]) -> str | None:
    """The wave whose batch bears this name, None for a batch of somebody else.

    Args:
        name: The batch's name; Exchange compares without case.
        project: Gives the prefix.
        waves: Names of all waves. The name of a wave's own batch goes before that of another wave's second one.
    """
    first = {project.batch_name(wave).casefold(): wave for wave in waves}
    text = name.casefold()
    if text in first:
        return first[text]
    again = _AGAIN.search(text)
    return first.get(text[: again.start()]) if again and again.end() == len(text) else None


def is_ours(name: str, project: Project, waves: Iterable[str]) -> bool:
    """Whether a batch of this name is this project's.

    Args:
        name: The batch's name.
        project: Gives the prefix.
        waves: Names of all waves.
    """
    return wave_of_batch(name, project, waves) is not None


def our_batches(seen: Seen, project: Project) -> dict[str, Row]:
    """This project's batches by their names, as they were read.

    Args:
        seen: Holds `target.migration_batches` and `source.chosen_users`.
        project: Gives prefix and waves.
    """
    names = wave_names(seen, project)
    rows = ((str(row["Identity"] or ""), row) for row in seen.rows(BATCHES))
    return {name: row for name, row in rows if is_ours(name, project, names)}


def batches_of(seen: Seen, project: Project, wave: str) -> dict[str, Row]:
    """A wave's batches: the first one, and those that took users again.

    Args:
        seen: Holds `target.migration_batches` and `source.chosen_users`.
        project: Gives prefix and waves.
        wave: Name of the wave.
    """
    names = wave_names(seen, project)
    ours = our_batches(seen, project)
    return {name: row for name, row in ours.items() if wave_of_batch(name, project, names) == wave}


def next_batch_name(wave: str, taken: Collection[str], project: Project) -> str:
    """The name for a wave's next batch: its plain name, or while that is taken `-r2`, `-r3` and so on.

    Args:
        wave: Name of the wave.
        taken: Names of all batches that exist; give `batch_name` of all other waves too.
        project: Gives the prefix.
    """
    there = {name.casefold() for name in taken}
    name, number = project.batch_name(wave), 1
    while name.casefold() in there:
        number += 1
        name = f"{project.batch_name(wave)}-r{number}"
    return name


def users_by_address(seen: Seen) -> dict[str, list[Row]]:
    """Every migration user by address without case; several where several batches name one user.

    Args:
        seen: Holds `target.migration_users`.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(MIGRATION_USERS):
        if row["Identity"]:
            found[str(row["Identity"]).casefold()].append(row)
    return found


def migration_user_of(seen: Seen, address: str | None) -> Row | None:
    """The one migration user with this address; None for a blank address, for nobody, and for several.

    For many users at once take `users_by_address`.

    Args:
        seen: Holds `target.migration_users`.
        address: Primary address in the target.
    """
    found = users_by_address(seen).get((address or "").casefold(), []) if address else []
    return found[0] if len(found) == 1 else None


def our_users(seen: Seen, project: Project) -> tuple[Row, ...]:
    """The migration users who are in this project's batches, in the order in which they were read.

    Args:
        seen: Holds `target.migration_users` and `source.chosen_users`.
        project: Gives prefix and waves.
    """
    names = wave_names(seen, project)
    known = {
        name: is_ours(name, project, names) for name in {str(r["BatchId"] or "") for r in seen.rows(MIGRATION_USERS)}
    }
    return tuple(row for row in seen.rows(MIGRATION_USERS) if known[str(row["BatchId"] or "")])
