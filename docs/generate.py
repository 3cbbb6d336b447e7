"""Writes the pages of the reference that repeat what the code says: `python docs/generate.py`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.m365.wire_facts import chapters, unproven_facts, wire_facts
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES, known_failures, left_out, script_checks
from xtmig_kernel.runbook import SECTIONS, STEPS, sections
from xtmig_kernel.statements import DOCUMENT_URL, Statement, statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.rules import Rule
    from xtmig_kernel.rules.preflight import KnownFailure

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
        *_preflight_lines(),
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
    alone = [rule for rule in ALL_RULES if rule.id not in told]
    if alone:
        lines += ["", "## Judged by the preflight alone", ""]
        lines += ["| rule | tenant | what must hold | statements | judged in | holds back | facts |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [_rule_line(rule) for rule in alone]
    return "\n".join(lines) + "\n"


def _preflight_lines() -> list[str]:
    """What is judged before the first byte moves, the causes behind it, and what is left out, with the reason."""
    causes = known_failures().values()
    seen_by = {c.number: [rule for rule, entry in CATALOGUE.items() if c.number in entry.failures] for c in causes}
    return [
        "",
        "## Before the first byte moves",
        "",
        f"{len(PREFLIGHT_RULES)} rules that need nothing but what reading both tenants gives. Each says which known",
        "causes of failing moves it sees beforehand (F numbers, below), and which check of Microsoft's validation",
        "script it covers. What no step mends is mended by what the finding says.",
        "",
        "| | rule | what must hold | statements | causes | Microsoft's script | mended by | document |",
        "|---|---|---|---|---|---|---|---|",
        *(_preflight_line(rule) for rule in PREFLIGHT_RULES),
        "",
        "## Known causes of failing moves",
        "",
        "| | cause | how the service answers | seen before the move by |",
        "|---|---|---|---|",
        *(_cause_line(cause, seen_by[cause.number]) for cause in causes),
        "",
        "## What the preflight does not judge",
        "",
        "Checks, prerequisites, prohibitions, limits and warnings of the document that no rule above answers.",
        "",
        "| statement | why not |",
        "|---|---|",
        *(f"| {statement} | {why} |" for statement, why in left_out().items()),
    ]


def _preflight_line(rule: Rule) -> str:
    entry = CATALOGUE[rule.id]
    checks = "; ".join(script_checks()[check] for check in entry.script_checks) or "none does"
    columns = (", ".join(texts) or "–" for texts in (rule.statements, entry.failures))
    steps = ", ".join(entry.steps) or "–"
    return (
        f"| {entry.severity} | `{rule.id}` | {rule.title} | {' | '.join(columns)} | {checks} | {steps} "
        f"| [{entry.section}]({entry.link}) |"
    )


def _cause_line(cause: KnownFailure, rules: list[str]) -> str:
    by = f"{cause.seen_before}: " + ", ".join(f"`{rule}`" for rule in rules)
    return (
        f"| {cause.number} | {cause.cause} | {cause.answer or '–'} | {by if rules else f'nothing: {cause.why_not}'} |"
    )


def _rule_line(rule: Rule) -> str:
    judged = ", ".join(step.id for step in STEPS.values() if rule.id in step.verifies)
    holds_back = ", ".join(step.id for step in STEPS.values() if rule.id in step.requires)
    facts = ", ".join(f"`{fact}`" for fact in rule.needs)
    if rule.helps:
        facts += f"; {len(rule.helps)} more where they were read"
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


_GRADES = {
    "documented": "Microsoft's documentation says so",
    "source-read": "read in the text of Microsoft's module or of its generated session module",
    "seen live by others": "recorded or relied upon by public projects that work against live tenants",
    "inferred": "follows from the others; nobody was found who says so",
    "remembered": "general knowledge, for which no source was looked up",
    "contradicted": "two sources say different things; what is built is said in the fact, and the fallback stands by",
}


_WIRE_FACTS = """# Wire facts

What xtmig takes for granted about Microsoft 365 over HTTP, and how well each thing is known. This page is made by
`python docs/generate.py` from `xtmig_kernel/m365/wire_facts.yaml`.

Of {number} facts a live tenant has shown {shown} to this project. Of {unproven} a part is inferred, remembered or
contradicted: `xtmig check-access --facts` lists these. A project that goes live checks them with its first reads, and
with one migration endpoint, before anything depends on them.

Exchange's admin interface is the one that Microsoft's own PowerShell module uses. Microsoft does not document it for
others and may change it without notice; [decision 0005](../explanation/decisions/0005-rest-transport.md) says why it is
used all the same, and what to do instead.

The grades:

| grade | means |
|---|---|
{grades}

Each fact has at least one test that names it in `tests/contract` or `tests/unit/m365`: break the code that follows the
fact, and that test turns red. The simulated tenants were written from the same facts by other hands, and a test lets
client and simulator meet."""


def wire_facts_page() -> str:
    """`reference/wire-facts.md`: every fact on which the client rests, from `m365/wire_facts.yaml`."""
    facts = wire_facts()
    lines = [
        _WIRE_FACTS.format(
            number=len(facts),
            shown=sum(fact.shown_live for fact in facts) or "none",
            unproven=len(unproven_facts()),
            grades="\n".join(f"| {grade} | {meaning} |" for grade, meaning in _GRADES.items()),
        )
    ]
    for chapter in chapters():
        lines += [
            "",
            f"## {chapter.title}",
            "",
            "| id | fact | grade | fallback | shown live |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {f.id} | {f.fact} | {f.grade} | {f.fallback or '–'} | {'yes' if f.shown_live else 'no'} |"
            for f in chapter.facts
        ]
    return "\n".join(lines) + "\n"


PAGES = {"rules.md": rules_page, "statements.md": statements_page, "wire-facts.md": wire_facts_page}


def main() -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        write_whole(REFERENCE / name, make())


if __name__ == "__main__":
    main()
