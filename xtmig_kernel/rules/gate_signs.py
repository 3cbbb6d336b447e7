"""Section 160: what persons give their word for before mailboxes leave the source for good.

A word is given once for the project (`xtmig approve --sign-off`); each cutover shows it again, with its users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.gate import at_gate, gate_rule, nobody_due
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.gate import AtGate
    from xtmig_kernel.rules.rule import Rule, Seen

SIZES = "source.mailbox_sizes"


def _signed(instruction: str, *, with_sizes: bool = False) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        yield from nobody_due(seen, project)
        for gate in at_gate(seen, project):
            size = f" Users: {len(gate.users)}{_size(gate, seen) if with_sizes else ''}."
            yield Judgement("sign", f"wave {gate.name}", remedy=f"{instruction}{size}")

    return judge


def _size(gate: AtGate, seen: Seen) -> str:
    if not seen.has(SIZES):
        return ", sizes not observed"
    guids = {str(moving.source["ExchangeGuid"]) for moving in gate.users if moving.source is not None}
    total = sum(int(row["Bytes"] or 0) for row in seen.rows(SIZES) if str(row["ExchangeGuid"]) in guids)
    return f", {total / 1_000_000_000:.1f} GB in mailboxes and archives"


RULES: tuple[Rule, ...] = (
    gate_rule(
        "gate-source-gone",
        "The owner of the source knows that the mailbox is gone there after the move",
        _signed(
            "The owner of the source tenant agrees that nobody can reach, search or use these mailboxes there any "
            "more, and that nothing undoes this."
        ),
        statements=("GEN-07",),
    ),
    gate_rule(
        "gate-ediscovery",
        "Whoever searches mailboxes for courts knows that only the target can do so after the move",
        _signed(
            "The compliance officer has looked at all open cases: none needs one of these mailboxes in the source."
        ),
        statements=("FAQ-07",),
    ),
    gate_rule(
        "gate-copies-kept",
        "What must stay in the source has been copied there",
        _signed(
            "Where content must stay in the source, it was copied to another mailbox or exported: name the job, or say "
            "that nothing must stay."
        ),
        statements=("FAQ-08",),
    ),
    gate_rule(
        "gate-teams-chats",
        "Somebody has tried whether Teams chats can still be searched in the source",
        _signed(
            "The compliance officer has tried a content search for Teams chats and exported what matters; the document "
            "says both that they stay searchable and that nothing does."
        ),
        statements=("TMS-04",),
    ),
    gate_rule(
        "gate-network",
        "The network bears what the users of this wave will download",
        _signed(
            "The owner of the network agrees: each Outlook will download the whole mailbox and address book again.",
            with_sizes=True,
        ),
        statements=("OUT-04",),
        helps=(SIZES,),
    ),
)
