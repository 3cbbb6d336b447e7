"""`index.html`: a result as one self-contained page. What comes from a tenant is data, never markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from xtmig_kernel.report import words
from xtmig_kernel.report.differences import differences
from xtmig_kernel.report.history import section_of
from xtmig_kernel.statements import DOCUMENT_URL, Statement, statements

if TYPE_CHECKING:
    from collections.abc import Mapping

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

# Characters that have no shape of their own, or that turn the direction of what follows them.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Answer(NamedTuple):
    """A statement with everything that answers it."""

    fact: StatementFact
    statement: Statement | None
    findings: tuple[FindingFact, ...]
    changes: tuple[ChangeFact, ...]
    planned: tuple[PlannedFact, ...]
    sign_offs: tuple[SignOffFact, ...]


def page(result: Result) -> str:
    """The audit report as HTML.

    Args:
        result: What it shows.
    """
    script = _resource("tables.js")
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            result=result,
            script=Markup(script),  # noqa: S704 - our own file, allowed by its hash alone
            script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
            answers=answers(result),
            without_statement=[finding for finding in result.findings if not finding.statements],
            statement_sums=sums(Counter(fact.state for fact in result.statements), words.STATEMENT_STATES),
            document_url=DOCUMENT_URL,
            mended=sum(f.verdict == "fail" and bool(f.pending) and f.this_run for f in result.findings),
        )
    )


def visible(value: Any) -> Any:
    """Text with every character that could hide or turn it replaced by its name, such as `⟨U+202E⟩`.

    Args:
        value: What a template prints; anything but text is returned as it is.
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", value)


def answers(result: Result) -> list[Answer]:
    """Every statement that was answered, with its answers.

    Args:
        result: What the page shows.
    """
    known = statements()
    return [
        Answer(
            fact,
            known.get(fact.id),
            tuple(item for item in result.findings if fact.id in item.statements),
            tuple(item for item in result.changes if fact.id in item.statements),
            tuple(item for item in result.planned if fact.id in item.statements),
            tuple(item for item in result.sign_offs if fact.id == item.statement),
        )
        for fact in result.statements
    ]


def sums(counts: Counter[Any], shown: Mapping[str, words.Word]) -> str:
    """A sum that shows its parts: `5 = 3 passed + 2 failed`.

    Args:
        counts: How many of each.
        shown: The words for each, in the order of the parts.
    """
    parts = [f"{counts[key]} {word.text}" for key, word in shown.items() if counts[key]]
    return f"{counts.total()} = {' + '.join(parts)}" if parts else "0"


def section_sentence(section: SectionFact) -> str:
    """What the progress picture shows of a section, in words.

    Args:
        section: The section.
    """
    states: Counter[str] = Counter(step.state for step in section.steps)
    if not states:
        return "no step has ended yet"
    parts = ", ".join(f"{states[key]} {word.text}" for key, word in words.STEP_STATES.items() if states[key])
    return f"{words.counted(states.total(), 'step')}: {parts}"


@cache
def environment() -> Environment:
    """The templates' environment: autoescape for everything, and an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xtmig_kernel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        words=words,
        css=Markup(_resource("style.css")),  # noqa: S704 - our own file
        counted=words.counted,
        differences=differences,
        section_of=section_of,
        section_sentence=section_sentence,
    )
    made.filters.update(moment=words.moment)
    return made


def _resource(name: str) -> str:
    return files("xtmig_kernel.report").joinpath("templates", name).read_text(encoding="utf-8")
