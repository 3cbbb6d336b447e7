"""Writes the pages of the reference that repeat what the code says: `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.project.files import write_whole
from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.runbook import SECTIONS, STEPS

if TYPE_CHECKING:
    from xtmig_kernel.rules import Rule

REFERENCE = Path(__file__).parent / "reference"
SIDE = {"source": "SOURCE", "target": "TARGET", None: "both"}


def rules_page() -> str:
    """`reference/rules.md`: every rule under the section that judges it first."""
    lines = [
        "# The rules",
        "",
        "What must hold in the two tenants, and where it is judged. A finding, a waiver and the report name a rule by",
        "its id. A rule that lacks one of its facts gives no verdict but `not observed`, with the reason. This page is",
        "made by `python docs/generate.py` from `xtmig_kernel/rules/`.",
    ]
    for section in SECTIONS:
        first = list(dict.fromkeys(rule for step in section.steps for rule in step.verifies))
        rules = [rule for rule in ALL_RULES if rule.id in first]
        if rules:
            lines += ["", f"## {section.number} {section.title}", ""]
            lines += ["| rule | tenant | what must hold | statements | judged in | holds back | facts |"]
            lines += ["|---|---|---|---|---|---|---|"]
            lines += [_rule_line(rule) for rule in rules]
    return "\n".join(lines) + "\n"


def _rule_line(rule: Rule) -> str:
    judged = ", ".join(step.id for step in STEPS.values() if rule.id in step.verifies)
    holds_back = ", ".join(step.id for step in STEPS.values() if rule.id in step.requires)
    facts = ", ".join(f"`{fact}`" for fact in rule.needs)
    statements = ", ".join(rule.statements)
    return (
        f"| `{rule.id}` | {SIDE[rule.side]} | {rule.title} | {statements} | {judged} | {holds_back or '–'} | {facts} |"
    )


PAGES = {"rules.md": rules_page}


def main() -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        write_whole(REFERENCE / name, make())


if __name__ == "__main__":
    main()
