"""Section 190: what a mailbox held just before its cutover, compared with what it holds in the target, per folder.

More than before is new mail. Fewer is looked into, except for items whose skipping was decided, and folders that never
move, which are named. In Recoverable Items the service itself moves items on and deletes them, so there the three
folders that move are compared by their sum, and fewer is a warning (CNT-01, CNT-02).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.moved import MOVED_FACTS, Moved, moved
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

BASELINE, COUNTS, SKIPPED = "source.baseline_folders", "target.folder_counts", "target.skipped_items"
HISTORY = "target.move_histories"
FACTS = (*MOVED_FACTS, BASELINE, COUNTS, SKIPPED)
RECOVERABLE_THAT_MOVE = frozenset({"deletions", "versions", "purges"})
RECOVERABLE = "Deletions, Versions and Purges together"
OUTBOX = frozenset({"outbox", "postausgang", "boîte d'envoi", "bandeja de salida", "posta in uscita", "postvak uit"})
TEAM_CHAT = "team chat"
NO_ITEMS = ("acl", "rule", "folder")
"""What a kind of skipped item says that is no item of a folder, such as CorruptFolderACL (shapes 3.12)."""

Key = tuple[bool, str]


@dataclass(frozen=True)
class Folder:
    """One folder, before and now.

    Args:
        name: Its path; of an archive's with a word before it.
        before: Items just before the cutover.
        now: Items in the target; 0 where it has no such folder.
        skipped: Items of it whose skipping was decided.
        recoverable: Whether it is that sum of Recoverable Items.
    """

    name: str
    before: int
    now: int
    skipped: int = 0
    recoverable: bool = False

    @property
    def missing(self) -> int:
        """Items that are not accounted for."""
        return max(0, self.before - self.skipped - self.now)

    @property
    def is_empty(self) -> bool:
        """Whether it held items and holds none now, and that was not decided."""
        return self.now == 0 and self.missing > 0


@dataclass(frozen=True)
class Compared:
    """One mailbox, before and now.

    Args:
        moved: Whose it is.
        folders: The folders that move.
        left_out: Folders with items that do not move, with the reason.
        has_baseline: Whether its folders were counted before the cutover.
        has_counts: Whether its folders in the target were counted.
        unknown: Parts of it that were not counted on one of the sides, so that they cannot be compared.
    """

    moved: Moved
    folders: tuple[Folder, ...]
    left_out: tuple[str, ...]
    has_baseline: bool
    has_counts: bool
    unknown: tuple[str, ...] = ()


def compared(seen: Seen, project: Project) -> tuple[Compared, ...]:
    """Every moved mailbox, compared.

    Args:
        seen: Holds `FACTS`.
        project: Gives the names of batches.
    """
    return seen.derived(_compared, FACTS, project)


def _compared(seen: Seen, project: Project) -> tuple[Compared, ...]:
    before, now = _by_guid(seen.rows(BASELINE)), _by_guid(seen.rows(COUNTS))
    skipped: dict[str, Counter[str]] = defaultdict(Counter)
    for row in seen.rows(SKIPPED):
        if not any(word in str(row["Kind"]).casefold() for word in NO_ITEMS):
            skipped[str(row["Identity"]).casefold()][_path(row["Folder"])] += 1
    return tuple(
        _of(item, before.get(item.guid or "", []), now.get(item.guid or "", []), skipped)
        for item in moved(seen, project)
    )


def _by_guid(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["ExchangeGuid"]:
            found[str(row["ExchangeGuid"])].append(row)
    return found


def _of(item: Moved, before: list[Row], now: list[Row], skipped: Mapping[str, Counter[str]]) -> Compared:
    left_out = [f"{_shown(row)} ({reason})" for row in before if row["Items"] and (reason := why_left_out(row))]
    unknown = _uncounted(before) | _uncounted(now)
    then = _sums(row for row in before if _part(row) not in unknown)
    there = _sums(now)
    decided = Counter(skipped.get(str(item.entry["Identity"]).casefold(), {}))
    spelt = {(bool(row["Archive"]), _path(row["Folder"])): str(row["Folder"]) for row in before}
    folders = [
        Folder(
            _name(archive, spelt.get((archive, path), path)),
            items,
            held := there.get((archive, path), 0),
            _taken(decided, path, items - held),
            path == RECOVERABLE,
        )
        for (archive, path), items in sorted(then.items())
    ]
    names = tuple(f"{_name(archive, scope)} folders" for archive, scope in sorted(unknown))
    return Compared(item, tuple(folders), tuple(left_out), _counted(before), _counted(now), names)


def _part(row: Row) -> Key:
    return bool(row["Archive"]), str(row["Scope"])


def _uncounted(rows: Iterable[Row]) -> set[Key]:
    """Parts of a mailbox that could not be counted: unknown is not empty."""
    return {_part(row) for row in rows if row["Items"] is None}


def _counted(rows: Iterable[Row]) -> bool:
    return any(row["Items"] is not None for row in rows)


def _sums(rows: Iterable[Row]) -> dict[Key, int]:
    """Items by folder; of those of Recoverable Items that move, one sum."""
    found: dict[Key, int] = defaultdict(int)
    for row in rows:
        if why_left_out(row) is None:
            path = RECOVERABLE if row["Scope"] == "recoverable" else _path(row["Folder"])
            found[bool(row["Archive"]), path] += int(row["Items"] or 0)
    return found


def _taken(decided: Counter[str], path: str, wanted: int) -> int:
    """As many of a folder's decided items as are missing; the service names some by the last part of the path alone."""
    total = 0
    for name in dict.fromkeys((path, path.rpartition("/")[2])):
        number = min(decided[name], max(0, wanted - total))
        decided[name] -= number
        total += number
    return total


def why_left_out(row: Row) -> str | None:
    """Why a folder does not move, None where it does (CNT-01 to CNT-03, TMS-03).

    Args:
        row: A row of `baseline_folders` or `folder_counts`.
    """
    parts = _path(row["Folder"]).split("/")
    if row["Scope"] == "recoverable":
        return None if parts[-1] in RECOVERABLE_THAT_MOVE else "of Recoverable Items, and none of the three that move"
    if parts[0] in OUTBOX:
        return "the Outbox stays in Outlook"
    if parts[-1] == TEAM_CHAT:
        return "Teams chats do not move"
    return None


def _path(folder: object) -> str:
    """A folder's path without case, with `/`, without one at its start."""
    return "/".join(part for part in re.split(r"[\\/]", str(folder or "")) if part).casefold()


def _name(archive: bool, path: str) -> str:
    return f"archive: {path}" if archive else path


def _shown(row: Row) -> str:
    return f"{_name(bool(row['Archive']), str(row['Folder']))}, {row['Items']} items"


def _baseline(seen: Seen, project: Project) -> Iterable[Judgement]:
    recorded = _by_guid(seen.rows(HISTORY)) if seen.has(HISTORY) else {}
    expected = "counted before the cutover and after it"

    def judge(item: Compared) -> Iterable[Judgement]:
        if not item.has_baseline:
            rows = recorded.get(item.moved.guid or "", [])
            told = _recorded(rows[0]) if rows else ""
            yield Judgement(
                "fail",
                item.moved.label,
                seen=f"not counted before the cutover{told and '; ' + told}",
                expected=expected,
                remedy="This cannot be made up for. Let the owner of the risk look at the service's own record and at "
                "the mailbox, and waive this finding.",
            )
        elif not item.has_counts or item.unknown:
            yield Judgement(
                "fail",
                item.moved.label,
                seen=f"not counted on both sides: {', '.join(item.unknown) or 'all its folders'}",
                expected=expected,
                remedy="Look again. If it stays so, the account may not read the statistics of this mailbox.",
            )

    yield from judge_each(compared(seen, project), judge, of_what="moved mailboxes", expected=expected)


def _recorded(row: Row) -> str:
    if row["SourceItems"] is None and row["TargetItems"] is None:
        return ""
    return f"the service recorded {row['SourceItems']} items in the source and {row['TargetItems']} in the target"


def _filled(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(item: Compared) -> Iterable[Judgement]:
        empty = [f"{folder.name} ({folder.before} before)" for folder in item.folders if folder.is_empty]
        if empty:
            yield Judgement(
                "fail",
                item.moved.label,
                seen=f"empty in the target: {named(empty)}",
                expected="no folder empty that held items",
                remedy="Ask the user at once whether these were emptied on purpose. Otherwise open a support case now: "
                "the source's content is gone for good after a time.",
            )

    yield from judge_each(_both(seen, project), judge, of_what="moved mailboxes", expected="no folder lost everything")


def _counts(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(item: Compared) -> Iterable[Judgement]:
        short = [folder for folder in item.folders if folder.missing and not folder.is_empty]
        for kind, chosen in (
            ("fail", [folder for folder in short if not folder.recoverable]),
            ("warn", [folder for folder in short if folder.recoverable]),
        ):
            if chosen:
                yield Judgement(
                    "fail" if kind == "fail" else "warn",
                    item.moved.label,
                    seen="fewer than before: " + named([_short(folder) for folder in chosen]),
                    expected="as many items as before the cutover, or more",
                    remedy="The service deletes what is old here; see whether that explains it."
                    if kind == "warn"
                    else "If the user has worked since, moving and deleting explains it: ask, and waive this with the "
                    "answer. Otherwise look at the skipped items, and open a support case.",
                )

    yield from judge_each(_both(seen, project), judge, of_what="moved mailboxes", expected="nothing is missing")


def _short(folder: Folder) -> str:
    skipped = f", {folder.skipped} skipped by decision" if folder.skipped else ""
    return f"{folder.name} ({folder.now} of {folder.before}{skipped})"


def _both(seen: Seen, project: Project) -> list[Compared]:
    return [item for item in compared(seen, project) if item.has_baseline and item.has_counts]


RULES: tuple[Rule, ...] = (
    Rule(
        "moved-counted",
        "Every moved mailbox was counted before its cutover and after it",
        ("CNT-01",),
        None,
        FACTS,
        _baseline,
        helps=(HISTORY,),
    ),
    Rule(
        "moved-folders-filled",
        "No folder that held items is empty in the target",
        ("CNT-01", "CNT-02"),
        "target",
        FACTS,
        _filled,
    ),
    Rule(
        "moved-counts",
        "Every folder holds as many items as before its cutover, or more",
        ("CNT-01", "CNT-02"),
        "target",
        FACTS,
        _counts,
    ),
)
