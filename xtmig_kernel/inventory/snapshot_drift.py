"""What has changed between the two newest snapshots of the project. No tenant is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.inventory.context import MissingFact
from xtmig_kernel.project import load_approvals, load_waivers
from xtmig_kernel.rules.drift_of_snapshots import compare
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE, SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext
    from xtmig_kernel.rules.drift_of_snapshots import Drift


def snapshot_drift(context: ReadContext) -> tuple[str, list[Row]]:
    """Every finding that is not as it was, every attribute that changed, every table that one of them alone has.

    Args:
        context: The project.

    Raises:
        MissingFact: There are no two whole snapshots of these tenants.
    """
    folder = context.project.folder
    store = SnapshotStore(folder) if (folder / SNAPSHOT_FILE).exists() else None
    tenants = {side: context.project.side(side).tenant_id for side in ("source", "target")}
    whole = [info for info in store.all() if info.finished and info.about.get("tenants") == tenants] if store else []
    if store is None or len(whole) < 2:  # noqa: PLR2004 - a comparison takes two
        raise MissingFact("there are no two whole snapshots to compare; xtmig assess makes one each time")
    before, after = whole[-2:]
    drift = compare(
        store.facts(before.id),
        store.facts(after.id),
        context.project,
        context.clock.now(),
        before.finished,
        load_waivers(folder).waivers,
        load_approvals(folder).sign_offs,
    )
    times = {"Since": as_text(before.started), "Until": as_text(after.started)}
    return f"snapshots {before.id} and {after.id}", [{**times, **row} for row in _rows(drift)]


def _rows(drift: Drift) -> Iterator[dict[str, Any]]:
    for item in drift.findings:
        if item.state != "unchanged":
            yield _row(f"finding {item.state}", item.side, item.subject, item.rule, item.before, item.after)
    for change in drift.changes:
        what = f"{change.table} {change.column}".strip()
        values = (change.before, change.after) if change.kind == "changed" else ("", "")
        yield _row(change.kind, change.side, change.object, what, *values)
    for table in drift.tables:
        yield _row(table.kind, None, table.fact, table.column, "", table.why)


def _row(kind: str, side: str | None, name: str, what: str, then: Any, now: Any) -> dict[str, Any]:
    return {"Kind": kind, "Side": side or "", "Object": name, "What": what, "Then": _text(then), "Now": _text(now)}


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
