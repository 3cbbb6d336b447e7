"""What `xtmig check-access` prints, and its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from xtmig_kernel.counting import counted
from xtmig_kernel.m365.wire_facts import unproven_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from xtmig_kernel.runs.access import Access

RULE = "-" * 72


def as_data(access: Access) -> dict[str, Any]:
    """The answer of `--json`.

    Args:
        access: What was found.
    """
    return {
        "exit_code": access.exit_code,
        "findings": [finding.as_data() for finding in access.findings],
        "problems": {side: error.as_data() for side, error in access.problems.items()},
        "requests": access.requests,
        "letters": access.letters,
        "to_do": access.own,
        "unproven_facts": [fact.model_dump(mode="json") for fact in unproven_facts()],
    }


def tell(access: Access, out: Console, verdicts: Mapping[str, str], *, facts: bool) -> None:
    """Print what was found, what to ask for, and what no live tenant has shown yet.

    Args:
        access: What was found.
        out: Where to print.
        verdicts: Verdict to words.
        facts: Whether to list each fact.
    """
    table = _table("", "Where", "What", "Seen")
    for finding in access.findings:
        data = finding.as_data()
        seen = str(finding.seen or data.get("detail") or data.get("reason") or "").partition("\n")[0]
        what = finding.title if finding.verdict.kind == "not_observed" else f"{finding.title}: {finding.subject}"
        table.add_row(*map(Text, (verdicts[finding.verdict.kind], (finding.side or "").upper(), what, seen)))
    out.print(table)
    for error in access.problems.values():
        out.print(f"✕ {error}", markup=False)
    if access.own:
        out.print("\nWhat to mend here:", style="bold")
        for what in access.own:
            out.print(f"- {what}", markup=False)
    if access.letters:
        out.print("\nWhat to ask for:", style="bold")
        for text in access.letters.values():
            out.print(f"{RULE}\n{text}\n{RULE}", markup=False)
    _tell_facts(out, whole=facts)


def _tell_facts(out: Console, *, whole: bool) -> None:
    open_facts = unproven_facts()
    if not open_facts:
        return
    out.print("\nNot shown by a live tenant yet:", style="bold")
    if not whole:
        names = ", ".join(fact.id for fact in open_facts)
        told = f"{counted(len(open_facts), 'thing')} that xtmig takes for granted in part only: {names}."
        out.print(f"{told} With --facts each is told, with what is done if it is not so.", markup=False)
        return
    table = _table("Fact", "How it is known", "What is open", "If it is not so")
    for fact in open_facts:
        cells = (fact.id, ", ".join(fact.unproven), fact.open, fact.fallback or "nothing takes its place")
        table.add_row(*map(Text, cells))
    out.print(table)


def _table(*headings: str) -> Table:
    """A table whose cells are folded, never cut: half a tenant ID is none."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
