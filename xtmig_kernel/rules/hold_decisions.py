"""What was decided on mailboxes under a hold: shown with the finding, and no reason for a hold to pass. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.hold_ids import hold_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.rules.rule import Seen

DECISIONS = "source.hold_decisions"
STAYS = "do-not-move"
_ASK = (
    "No decision is on record. When there is one: xtmig approve 120 --hold ADDRESS_OR_HOLD --decision release (its "
    "owner lifts it) or do-not-move, --by WHO --note WHERE."
)


def decisions(seen: Seen, addresses: Iterable[str], entries: Iterable[str]) -> list[Row] | None:
    """What was decided on a mailbox and on what holds it: the last word on each; None where nobody looked.

    Args:
        seen: May hold `source.hold_decisions`.
        addresses: Of the mailbox; none where a hold alone is meant.
        entries: What holds it, as InPlaceHolds names it.
    """
    if not seen.has(DECISIONS):
        return None
    wanted = {address.casefold() for address in addresses} | {_key(entry) for entry in entries}
    last: dict[str, Row] = {}
    for row in sorted(seen.rows(DECISIONS), key=lambda row: str(row["At"])):
        last[_key(str(row["Subject"]))] = row
    return [row for key, row in last.items() if key in wanted]


def told(found: Iterable[Row] | None) -> str:
    """The decisions in words, and what follows from them; how to record one where there is none.

    Where nobody looked nothing is said: that there is none is said only where that was seen.

    Args:
        found: What `decisions` gave.
    """
    return "" if found is None else " ".join(_words(row) for row in found) or _ASK


def _words(row: Row) -> str:
    who = f"{row['By']} decided on {str(row['At'])[:10]} about {row['Subject']} ({row['Note']})"
    if row["Decision"] == STAYS:
        return f"{who}: do not move. Put the mailbox under users.exclude in project.yaml, with that reason."
    return f"{who}: its owner lifts the hold. Until a read shows that it is gone, the mailbox does not move."


def _key(name: str) -> str:
    return hold_key(name) or name.strip().casefold()
