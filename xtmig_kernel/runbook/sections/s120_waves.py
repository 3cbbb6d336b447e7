"""120 Plan waves: what cannot move and what does not come along, who moves together, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules import archives, content, holds, other_moves, permissions, quotas, wave_plan
from xtmig_kernel.runbook.step import Section, Step
from xtmig_kernel.runbook.wave_exhibits import assessment, show_waves
from xtmig_kernel.runbook.waves_file import WAVE_FILE_FACTS, waves_file, waves_file_exhibits

if TYPE_CHECKING:
    from xtmig_kernel.rules import Rule

_ALL: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        *holds.RULES,
        *other_moves.RULES,
        *archives.RULES,
        *quotas.RULES,
        *permissions.RULES,
        *content.RULES,
        *wave_plan.RULES,
    )
}
_DATES = ("wave-dates", "large-mailboxes-early")
_WAVES = ("waves-planned", "pilot-listed", "wave-size", "delegates-together")
_STAY = tuple(rule for rule in _ALL if rule not in (*_DATES, *_WAVES))


def _facts(*names: str, others: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What these rules look at, and other facts."""
    facts = [fact for name in names for fact in (*_ALL[name].needs, *_ALL[name].helps)]
    return tuple(dict.fromkeys([*facts, *others]))


SECTION = Section(
    number="120",
    slug="plan-waves",
    title="Plan waves",
    purpose="Find what cannot move and what does not come along; say who moves together, and when.",
    sides=("source", "target"),
    steps=(
        Step(
            id="120.1",
            title="Find what cannot move, and what does not come along",
            side="source",
            why="A hold, a full mailbox or a thirteenth archive stops a move that has been told to its user.",
            reads=_facts(*_STAY),
            verifies=_STAY,
            shows=assessment,
        ),
        Step(
            id="120.2",
            title="Say who moves together",
            side=None,
            why="Between two tenants no right on a mailbox works, so those who work together go together.",
            reads=_facts(*_WAVES, others=WAVE_FILE_FACTS),
            verifies=_WAVES,
            plans_from=WAVE_FILE_FACTS,
            files=waves_file,
            requires=("users-listed", "permissions-read"),
            shows=waves_file_exhibits,
        ),
        Step(
            id="120.3",
            title="Check the dates",
            side=None,
            why="Microsoft's queues and large mailboxes need their days; who starts late is cut over late.",
            reads=_facts(*_DATES),
            verifies=_DATES,
            shows=show_waves,
        ),
    ),
    runs="when named",
    document=(
        "Introduction", "FAQ: content", "FAQ: Outbox", "FAQ: voicemail", "FAQ: signatures",
        "FAQ: permissions", "FAQ: shared mailboxes", "FAQ: quota", "FAQ: auto-expanding archives", "FAQ: duration",
        "FAQ: Teams meetings", "FAQ: Teams chat", "FAQ: Customer Key", "FAQ: protected documents", "FAQ: labels",
    ),
    guidance=(
        "GEN-01", "GEN-06", "CNT-01", "CNT-02", "CNT-03", "CNT-04", "CNT-05", "CNT-06", "TMS-01", "TMS-03", "TIM-01",
        "FAQ-04",
    ),
)  # fmt: skip
