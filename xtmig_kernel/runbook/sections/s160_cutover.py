"""160 Cutover: the gate. Sign-offs, skipped items, the baseline, and the completion, which nothing else asks for."""

from __future__ import annotations

from xtmig_kernel.rules import gate_signs
from xtmig_kernel.rules.baseline_settings import SETTING_FACTS, SETTINGS
from xtmig_kernel.rules.gate import GATE_FACTS
from xtmig_kernel.runbook.baseline_files import BASELINE_FACTS, baseline_exhibit, baseline_files
from xtmig_kernel.runbook.cutover_exhibits import skipped_exhibit
from xtmig_kernel.runbook.cutover_plans import plan_approvals, plan_completion
from xtmig_kernel.runbook.sections.s150_day_before import facts_of
from xtmig_kernel.runbook.step import Section, Step

SIGN_OFFS = tuple(rule.id for rule in gate_signs.RULES)
GATE = (
    "gate-synced",
    "gate-nobody-else",
    "gate-skipped-decided",
    "gate-drift",
    "gate-licences",
    "gate-ties",
    "gate-no-foreign-completion",
    *SIGN_OFFS,
    "gate-open",
    "baseline-taken",
)
"""What must hold before a completion is asked for, in the order in which it is told."""
AFTERWARDS = ("wave-completed", "gate-window", "gate-open")

SECTION = Section(
    number="160",
    slug="cutover",
    title="Cutover",
    purpose="Let the mailboxes of one cutover leave the source for good, after everything that must hold is proven.",
    sides=("target", "source"),
    steps=(
        Step(
            id="160.1",
            title="Stand before the gate",
            side=None,
            why="A completion takes the source mailboxes away for good; this is the last time to say no.",
            reads=facts_of(*GATE[:-2]),
            verifies=GATE[:-2],
        ),
        Step(
            id="160.2",
            title="Approve skipped items",
            side="target",
            why="The service completes no mailbox with skipped items that nobody has approved; they are lost.",
            reads=(*facts_of("gate-skipped-decided"), "target.skipped_items"),
            verifies=("gate-skipped-decided",),
            plans_from=(*GATE_FACTS, "target.skipped_items"),
            plan=plan_approvals,
            bulk=True,
            proves_again=True,
            shows=skipped_exhibit,
        ),
        Step(
            id="160.3",
            title="Record what the mailboxes hold, who has rights on them, and how they are set",
            side="source",
            why="After the cutover nobody can read it in the source any more.",
            reads=tuple(dict.fromkeys((*BASELINE_FACTS, SETTINGS, *SETTING_FACTS))),
            verifies=("baseline-taken", "settings-recorded"),
            plans_from=BASELINE_FACTS,
            files=baseline_files,
            shows=baseline_exhibit,
        ),
        Step(
            id="160.4",
            title="Complete",
            side="target",
            why="Only now the source mailbox becomes a MailUser and the target's MailUser a mailbox.",
            reads=facts_of(*GATE, *AFTERWARDS),
            verifies=AFTERWARDS,
            plans_from=GATE_FACTS,
            plan=plan_completion,
            requires=GATE,
            proves_again=True,
        ),
    ),
    runs="when named",
    document=("FAQ: eDiscovery",),
)
