"""Writes the pages of the reference that repeat what the code says: `python docs/generate.py`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.project.files import write_whole
from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.runbook import SECTIONS, STEPS, sections
from xtmig_kernel.statements import DOCUMENT_URL, Statement, statements

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    told: set[str] = set()
    for section in SECTIONS:
        first = {rule for step in section.steps for rule in step.verifies} - told
        rules = [rule for rule in ALL_RULES if rule.id in first]
        told |= first
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


def statements_page() -> str:
    """`reference/statements.md`: every statement of the document, and what answers it today."""
    found = _answers()
    every = statements().values()
    answered = sum(item.id in found for item in every)
    owners = {part: section.number for section in SECTIONS for part in section.document}
    lines = [
        "# The statements",
        "",
        f"Every statement of [Microsoft's document]({DOCUMENT_URL}) (edition of 2024-02-01), in our words, with what",
        "answers it today. How strongly it must be answered: `auto` by code, `auto-with-approval` by code and a named",
        "approval, `manual-signoff` by a person's word, `guidance` by words. This page is made by",
        "`python docs/generate.py`.",
        "",
        f"{len(every)} statements = {answered} answered + {len(every) - answered} not built yet.",
    ]
    last = ""
    for item in every:
        part = item.section.split(" / ")[0]
        if part != last:
            owner = f" (notebook {owners[part]})" if part in owners else ""
            lines += [
                "",
                f"## {part}{owner}",
                "",
                "| id | statement | side | answer | answered by |",
                "|---|---|---|---|---|",
            ]
            last = part
        lines.append(_statement_line(item, found.get(item.id, [])))
    return "\n".join(lines) + "\n"


def _answers() -> dict[str, list[str]]:
    """What answers each statement: rules by id, and the sections whose plans name it."""
    found: dict[str, list[str]] = {}
    for rule in ALL_RULES:
        for statement in rule.statements:
            found.setdefault(statement, []).append(f"rule `{rule.id}`")
    for section in SECTIONS:
        (module,) = Path(sections.__path__[0]).glob(f"s{section.number}_*.py")
        for statement in _named_in(module, leaving_out=section.guidance):
            found.setdefault(statement, []).append(f"changes of section {section.number}")
        for statement in section.guidance:
            found.setdefault(statement, []).append(f"words of notebook {section.number}")
    return found


def _named_in(path: Path, leaving_out: Iterable[str]) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(texts & set(statements()) - set(leaving_out))


def _statement_line(item: Statement, answered_by: list[str]) -> str:
    text = item.statement.replace("|", "\\|").replace("<", "&lt;")
    by = "<br>".join(answered_by) or "not built yet"
    return f"| {item.id} | {text} | {item.side} | {item.automation} | {by} |"


PAGES = {"rules.md": rules_page, "statements.md": statements_page}


def main() -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        write_whole(REFERENCE / name, make())


if __name__ == "__main__":
    main()
