"""140 Watch: how far everybody is, what was skipped, which clocks run. It only looks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules import batch_settings, unlicensed_moves, watching
from xtmig_kernel.rules.batches import our_users, wave_names, wave_of_batch
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

_USERS = ("batches-at-rest", "moves-none-failed", "moves-none-waiting", "no-move-without-licence", "moves-not-stalled")
_CLOCKS = ("batch-timers", "batch-copies-only", "batch-runs", "moves-of-this-project")
_COLUMNS = ("Wave", "Batch", "User", "Means", "State", "Synced items", "Skipped items", "Data consistency", "Error")


def show_users(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every user with state, and for each wave how many are how far; in nobody's order but that of waves and names."""
    if not seen.has(*watching.PROGRESS_FACTS):
        return ()
    names = wave_names(seen, project)
    told = watching.details(seen)
    users = sorted(
        ((wave_of_batch(str(row["BatchId"]), project, names) or "", row) for row in our_users(seen, project)),
        key=lambda item: (names.index(item[0]) if item[0] in names else -1, str(item[1]["Identity"]).casefold()),
    )
    if not users:
        return ()
    rows = tuple(_line(wave, row, told.get(str(row["Identity"]).casefold())) for wave, row in users)
    words = (*(name for name, _ in watching.GROUPS), watching.OTHER)
    counted = {wave: Counter(watching.group_of(row) for of, row in users if of == wave) for wave, _ in users}
    bars: tuple[tuple[str | int, ...], ...] = tuple(
        (wave, *(counts[word] for word in words)) for wave, counts in counted.items()
    )
    return (
        Exhibit("waves-by-state", "How many users of each wave are how far.", ("Wave", *words), bars, "bars"),
        Exhibit("migration-users", "Every user in a batch of this project, and how far.", _COLUMNS, rows),
    )


def _line(wave: str, row: Row, detail: Row | None) -> tuple[str | int, ...]:
    trouble = bool(row["ErrorSummary"]) or (detail is not None and bool(detail["ErrorType"]))
    return (
        wave,
        str(row["BatchId"]),
        str(row["Identity"]),
        watching.group_of(row),
        str(row["Status"] or ""),
        row["SyncedItems"] if row["SyncedItems"] is not None else "not told",
        row["SkippedItems"] if row["SkippedItems"] is not None else "not told",
        str(row["DataConsistencyScore"] or ""),
        watching.error_of(row, detail) if trouble else "",
    )


def show_skipped(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every item that was not copied, without subject and sender, which are personal."""
    if not seen.has(watching.SKIPPED, *watching.PROGRESS_FACTS):
        return ()
    ours = {str(row["Identity"]).casefold() for row in our_users(seen, project)}
    rows = tuple(
        (
            str(row["Identity"]),
            row["Number"],
            str(row["Kind"] or ""),
            str(row["Folder"] or ""),
            row["Bytes"] if row["Bytes"] is not None else "not told",
            str(row["ReceivedAt"] or ""),
            ", ".join(row["Scores"]),
        )
        for row in seen.rows(watching.SKIPPED)
        if str(row["Identity"]).casefold() in ours
    )
    columns = ("User", "Item", "Kind", "Folder", "Bytes", "Received", "Classified as")
    caption = "Items that the service could not copy; without subject and sender."
    return (Exhibit("skipped-items", caption, columns, rows),) if rows else ()


def show_moves(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The moves that come from another tenant, told apart from all others (BAT-10)."""
    if not seen.has(watching.MOVES, *watching.PROGRESS_FACTS):
        return ()
    rows = tuple(
        (
            str(row["Identity"]),
            str(row["Status"] or ""),
            str(row["BatchName"] or ""),
            wave or "not this project's",
            ", ".join(row["Flags"]),
        )
        for row, wave in watching.cross_tenant_moves(seen, project)
    )
    caption = "Moves from another tenant; onboarding and offboarding of this tenant's own is left out."
    return (
        (Exhibit("cross-tenant-moves", caption, ("Mailbox", "State", "Batch", "Wave", "Flags"), rows),) if rows else ()
    )


def _facts(names: tuple[str, ...]) -> tuple[str, ...]:
    rules = (*watching.RULES, *batch_settings.RULES, *unlicensed_moves.RULES)
    facts = (fact for rule in rules if rule.id in names for fact in (*rule.needs, *rule.helps))
    return tuple(dict.fromkeys(facts))


SECTION = Section(
    number="140",
    slug="watch",
    title="Watch",
    purpose="See how far every user is, and what does not go on without a person; 95 % is where healthy users rest.",
    sides=("target", "source"),
    steps=(
        Step(
            id="140.1",
            title="See how far the users are",
            side="target",
            why="Who has failed or waits for a person must be known long before the wave is cut over.",
            reads=_facts(_USERS),
            verifies=_USERS,
            shows=show_users,
        ),
        Step(
            id="140.2",
            title="See what could not be copied",
            side="target",
            why="Skipped items hold the completion back, and somebody has to decide about them in time.",
            reads=_facts(("skipped-items-seen",)),
            verifies=("skipped-items-seen",),
            shows=show_skipped,
        ),
        Step(
            id="140.3",
            title="See the clocks that run, and other moves",
            side="target",
            why="The service stops and removes batches by itself, and others may move mailboxes in the same tenant.",
            reads=_facts(_CLOCKS),
            verifies=_CLOCKS,
            shows=show_moves,
        ),
    ),
    runs="when named",
    document=("FAQ: listing the moves",),
)
