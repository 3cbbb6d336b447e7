"""`index.html`: a result as one self-contained page. What comes from a tenant is data, never markup."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from xtmig_kernel.counting import counted
from xtmig_kernel.report import shown, words
from xtmig_kernel.report.differences import differences
from xtmig_kernel.report.history import section_of
from xtmig_kernel.report.shown import sums
from xtmig_kernel.statements import DOCUMENT_URL, Statement, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

    from xtmig_kernel.report.model import (
        ChangeFact,
        FindingFact,
        PlannedFact,
        Result,
        SectionFact,
        SignOffFact,
        StatementFact,
    )
    from xtmig_kernel.report.shown import Many


MOST_REPORTED = 50
_STATUS = "000"  # the notebook of the project's status shows the steps of the others


class Answer(NamedTuple):
    """A statement with everything that answers it; steps and rules with many answers stand for them."""

    fact: StatementFact
    statement: Statement | None
    findings: tuple[FindingFact, ...]
    changes: tuple[ChangeFact, ...]
    planned: tuple[PlannedFact, ...]
    sign_offs: tuple[SignOffFact, ...]
    many: tuple[tuple[str, Many], ...]


class Parts(NamedTuple):
    """A result as the page shows it: what is few whole, what is many summed up."""

    changes: tuple[ChangeFact, ...]
    planned: tuple[PlannedFact, ...]
    without_statement: tuple[FindingFact, ...]
    many_changes: tuple[Many, ...]
    many_planned: tuple[Many, ...]
    many_findings: tuple[Many, ...]


def page(result: Result, tables: Mapping[str, str]) -> str:
    """The audit report as HTML.

    Args:
        result: What it shows.
        tables: The text of each exhibit's table in the archive, by its path.

    Raises:
        KeyError, ValueError: A table is missing or is none.
    """
    script = _resource("tables.js")
    parts = parts_of(result)
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            result=result,
            parts=parts,
            step_ids=shown.step_titles(result).keys(),
            exhibits=shown.exhibits(result, tables),
            script=Markup(script),  # noqa: S704 - our own file, allowed by its hash alone
            script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
            answers=answers(result, parts),
            statement_sums=sums(Counter(fact.state for fact in result.statements), words.STATEMENT_STATES),
            document_url=DOCUMENT_URL,
            mended=sum(f.verdict == "fail" and bool(f.pending) and f.this_run for f in result.findings),
        )
    )


def parts_of(result: Result) -> Parts:
    """What the page shows whole, and what it sums up.

    Args:
        result: What the page shows.
    """
    changes, planned = shown.many_changes(result), shown.many_planned(result)
    findings = shown.many_findings(result)
    made_often, planned_often = {many.key for many in changes}, {many.key for many in planned}
    found_often = {many.key for many in findings}
    return Parts(
        changes=tuple(change for change in result.changes if change.step not in made_often),
        planned=tuple(change for change in result.planned if change.step not in planned_often),
        without_statement=tuple(f for f in result.findings if not f.statements and f.rule not in found_often),
        many_changes=tuple(changes),
        many_planned=tuple(planned),
        many_findings=tuple(findings),
    )


def answers(result: Result, parts: Parts) -> list[Answer]:
    """Every statement that was answered, with its answers.

    Args:
        result: What the page shows.
        parts: The same, by what is few and what is many.
    """
    known, found_often = statements(), {many.key for many in parts.many_findings}
    findings = _by_statement(finding for finding in result.findings if finding.rule not in found_often)
    changes, planned = _by_statement(parts.changes), _by_statement(parts.planned)
    sign_offs = shown.by(result.sign_offs, lambda item: item.statement)
    often = _often(result, parts)
    return [
        Answer(
            fact,
            known.get(fact.id),
            tuple(findings.get(fact.id, ())),
            tuple(changes.get(fact.id, ())),
            tuple(planned.get(fact.id, ())),
            tuple(sign_offs.get(fact.id, ())),
            tuple(often.get(fact.id, ())),
        )
        for fact in result.statements
    ]


def _often(result: Result, parts: Parts) -> dict[str, list[tuple[str, Many]]]:
    """The rules and steps with many answers, by the statements that they answer."""
    findings = shown.by(result.findings, lambda finding: finding.rule)
    changes = shown.by(result.changes, lambda change: change.step)
    planned = shown.by(result.planned, lambda change: change.step)
    found: dict[str, list[tuple[str, Many]]] = {}
    for kind, items, groups in (
        ("rule", findings, parts.many_findings),
        ("changes", changes, parts.many_changes),
        ("planned", planned, parts.many_planned),
    ):
        for many in groups:
            for statement in sorted({name for item in items[many.key] for name in item.statements}):
                found.setdefault(statement, []).append((kind, many))
    return found


def _by_statement(items: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        for statement in item.statements:
            found.setdefault(statement, []).append(item)
    return found


def section_sentence(section: SectionFact) -> str:
    """What the progress picture shows of a section, in words.

    Args:
        section: The section.
    """
    states: Counter[str] = Counter(step.state for step in section.steps)
    if not states:
        return "no steps of its own" if section.number == _STATUS else "no step has ended yet"
    parts = ", ".join(f"{states[key]} {word.text}" for key, word in words.STEP_STATES.items() if states[key])
    return f"{counted(states.total(), 'step')}: {parts}"


@cache
def environment() -> Environment:
    """The templates' environment: autoescape for everything, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xtmig_kernel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        words=words,
        css=Markup(_resource("style.css")),  # noqa: S704 - our own file
        cells=words.CELLS,
        longest_whole=words.LONGEST_WHOLE,
        counted=counted,
        most_reported=MOST_REPORTED,
        differences=differences,
        section_of=section_of,
        section_sentence=section_sentence,
        amount=shown.amount,
        quantity=shown.quantity,
        rest=shown.rest,
        titled=words.titled,
    )
    made.filters.update(breakable=words.breakable, moment=words.moment, sentence=words.sentence)
    made.tests.update(moment=words.is_moment)
    return made


def _resource(name: str) -> str:
    return files("xtmig_kernel.report").joinpath("templates", name).read_text(encoding="utf-8")
