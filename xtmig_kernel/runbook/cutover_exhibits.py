"""What sections 150 and 160 show: what has changed for the worse, go or no-go, skipped items. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.batches import AT_REST, users_by_address
from xtmig_kernel.rules.completion import synced_at
from xtmig_kernel.rules.drift import drifted
from xtmig_kernel.rules.gate import at_gate, row_in_gate
from xtmig_kernel.rules.gate_rules import users_at_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Rule, Seen
    from xtmig_kernel.rules.gate import AtGate

NOT_OBSERVED = "not observed"
SNAPSHOT_DRIFT = "source.snapshot_drift"


def drift_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every check that does not hold any more, with what was expected; none where all of them hold."""
    found = drifted(seen, project) if at_gate(seen, project) else ()
    rows = tuple((item.rule.id, item.found.subject, item.found.seen, item.found.expected) for item in found)
    columns = ("Check", "Object", "Now", "Expected, and verified before")
    caption = "What does not hold any more for the next cutover."
    return (Exhibit("drift", caption, columns, rows),) if rows else ()


def snapshot_drift_exhibit(seen: Seen, _project: Project) -> tuple[Exhibit, ...]:
    """Everything that differs between the two newest snapshots, for better or worse; none without two of them."""
    if not seen.has(SNAPSHOT_DRIFT) or not seen.rows(SNAPSHOT_DRIFT):
        return ()
    rows = seen.rows(SNAPSHOT_DRIFT)
    columns = ("Kind", "Side", "Object", "What", "Then", "Now")
    caption = f"What has changed between the snapshots of {rows[0]['Since']} and of {rows[0]['Until']}."
    cells = tuple(tuple(str(row[column]) for column in columns) for row in rows)
    return (Exhibit("snapshot-drift", caption, columns, cells),)


def day_before(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """What does not hold any more for the next cutover, and everything that has changed in both tenants."""
    return (*drift_exhibit(seen, project), *snapshot_drift_exhibit(seen, project))


def go_no_go(rules: Sequence[Rule]) -> Callable[[Seen, Project], tuple[Exhibit, ...]]:
    """Makes the exhibits of the decision: the waves in numbers, and one line for each question.

    Args:
        rules: The questions; what was not observed is no answer, and no go.
    """

    def shows(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
        gates = at_gate(seen, project)
        if not gates:
            return ()
        columns = ("Wave", "Cutover (UTC)", "Batches", "Users", "Synced", "Oldest synchronisation", "To decide")
        waves = Exhibit(
            "gate-waves", "The waves of the next cutover.", columns, tuple(_wave(gate, seen) for gate in gates)
        )
        lines = [_line(rule, seen, project) for rule in rules]
        against = sum(line[1] != "yes" for line in lines)
        last = (
            "Go or no-go",
            "no-go" if against else "go",
            f"{against} against it" if against else "nothing against it",
        )
        caption = "Go or no-go, as far as reading can tell; persons sign the rest in notebook 160."
        return (waves, Exhibit("go-no-go", caption, ("Question", "Answer", "Detail"), (*lines, last)))

    return shows


def _wave(gate: AtGate, seen: Seen) -> tuple[str | int, ...]:
    rows = users_by_address(seen)
    found = [row for moving in gate.users if (row := row_in_gate(moving, gate, rows)) is not None]
    times = [at for at in synced_at(gate, seen).values() if at is not None]
    return (
        gate.name,
        as_text(gate.cutover),
        ", ".join(gate.batches),
        len(gate.users),
        sum(row["Status"] in AT_REST for row in found),
        as_text(min(times)) if times else "",
        sum(bool(row["UnapprovedSkippedItems"]) for row in found),
    )


def _line(rule: Rule, seen: Seen, project: Project) -> tuple[str, str, str]:
    if not seen.has(*rule.needs):
        missing = next(need for need in rule.needs if not seen.has(need))
        return rule.title, NOT_OBSERVED, missing
    wrong = [found for found in rule.judge(seen, project) if found.kind in ("fail", "wait")]
    if not wrong:
        return rule.title, "yes", ""
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return rule.title, "no", f"{wrong[0].subject}: {wrong[0].seen or wrong[0].remedy}{more}"


def skipped_exhibit(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """What was skipped of each user of the next cutover, by kind and folder; no subjects, which are personal."""
    rows = users_by_address(seen)
    scores = {
        str(row["Identity"]).casefold(): row
        for gate, moving in users_at_gate(seen, project)
        if (row := row_in_gate(moving, gate, rows)) is not None
    }
    counted: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    for item in seen.rows("target.skipped_items"):
        if str(item["Identity"]).casefold() in scores:
            key = (str(item["Identity"]), str(item["Kind"] or ""), str(item["Folder"] or ""))
            counted[key].append(int(item["Bytes"] or 0))
    lines = tuple(
        (who, str(scores[who.casefold()]["DataConsistencyScore"] or ""), kind, folder, len(sizes), sum(sizes))
        for (who, kind, folder), sizes in sorted(counted.items())
    )
    columns = ("User", "Score", "Kind", "Folder", "Items", "Bytes")
    caption = "Items that were not copied, and are lost with the source mailbox once it is completed."
    return (Exhibit("skipped-to-decide", caption, columns, lines),) if lines else ()
