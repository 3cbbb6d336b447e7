"""Section 040: mailboxes that are encrypted with keys of the organisation's own, which do not move with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.movers import MOVER_FACTS, judge_states
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

EXPECTED = "no DataEncryptionPolicy"


def _own_key(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        if state["DataEncryptionPolicy"]:
            yield Judgement(
                "warn",
                mover.label,
                seen=f"DataEncryptionPolicy {state['DataEncryptionPolicy']}: it is decrypted by the move",
                expected=EXPECTED,
                remedy="A security officer decides: whether it may be decrypted, and whether the target needs keys of "
                "its own before it comes (section 120 asks for both).",
            )

    return judge_states(seen, project, judge, expected=EXPECTED, all_in="Get-Mailbox, DataEncryptionPolicy")


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-own-key",
        "No mailbox that moves is encrypted with a key of the organisation's own",
        ("FAQ-02", "FAQ-03"),
        "source",
        MOVER_FACTS,
        _own_key,
    ),
)
