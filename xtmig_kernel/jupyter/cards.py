"""Cards: what a notebook shows, as HTML. The same text stands in JupyterLab, in a saved notebook and on paper.

Everything that comes from a tenant or a person is escaped by the templates. Pieces, words and colours are the
report's; what a card adds lies in `cards_templates/`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from xtmig_kernel.report.page import environment as report_environment
from xtmig_kernel.report.words import SIDES, STEP_STATES, VERDICTS, Word
from xtmig_kernel.runbook import BY_NUMBER, SECTIONS, STEPS
from xtmig_kernel.runbook.engine import RULES
from xtmig_kernel.statements import DOCUMENT_URL, Statement, statements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from xtmig_kernel.errors import XtmigError
    from xtmig_kernel.project import Project
    from xtmig_kernel.report.model import FindingFact, Result, StepFact
    from xtmig_kernel.runbook import Mode, Section

NEW = Word("○", "not looked at yet", "none")
MODE_SENTENCES = {
    "interactive": "buttons write, cells do not: Run All changes nothing",
    "plan": "a run that only plans: nothing is written to a tenant",
    "apply": "a run that applies what is planned and approved",
}
ROWS_WITHOUT_SEARCH = 10
# Sorts the rows of the table by the column of the button; a second press turns the order round.
SORT = (
    "const h=this.closest('th'),t=h.closest('table'),b=t.tBodies[0],n=h.cellIndex,"
    "up=h.getAttribute('aria-sort')!=='ascending';for(const o of t.querySelectorAll('th[aria-sort]'))"
    "o.removeAttribute('aria-sort');h.setAttribute('aria-sort',up?'ascending':'descending');"
    "const k=r=>r.cells[n].dataset.sort??r.cells[n].textContent.trim();"
    "b.append(...[...b.rows].sort((x,y)=>(up?1:-1)*k(x).localeCompare(k(y),undefined,{numeric:true})))"
)
# Shows those rows of the table beside it that hold what was typed.
SEARCH = (
    "const q=this.value.trim().toLowerCase();for(const r of this.parentElement.querySelectorAll('tbody tr'))"
    "r.hidden=!r.textContent.toLowerCase().includes(q)"
)


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, PackageLoader

    report = report_environment()
    made = report.overlay(
        loader=ChoiceLoader([PackageLoader("xtmig_kernel.jupyter", "cards_templates"), report.loader])  # type: ignore[list-item]
    )
    css = files(__package__).joinpath("cards_templates", "cards.css").read_text(encoding="utf-8")
    made.globals = {
        **report.globals,
        "by_number": BY_NUMBER,
        "document_url": DOCUMENT_URL,
        "known": statements(),
        "rows_without_search": ROWS_WITHOUT_SEARCH,
        "search": SEARCH,
        "sort": SORT,
        "steps": STEPS,
        "style": Markup(f"<style>{css}</style>"),  # noqa: S704 - our own file
    }
    return made


def render(template: str, **values: Any) -> str:
    """A card as HTML.

    Args:
        template: Name of a template in `cards_templates/`, without its ending.
        values: What it shows; texts are escaped.
    """
    return _environment().get_template(f"{template}.html.j2").render(**values)


def problem_data(error: XtmigError) -> dict[str, Any]:
    """An error as the cards show it.

    Args:
        error: The error.
    """
    where = " ".join(part for part in (error.side and error.side.upper(), error.step) if part)
    kind = {2: "This cannot be used", 3: "Not done", 4: "Not yet", 5: "Microsoft 365 did not answer as needed"}
    heading = kind.get(error.exit_code, "Not done")
    ids = {"support_ids": getattr(error, "support_ids", ())}
    return ids | error.as_data() | {"heading": f"{heading}: {where}" if where else heading}


def problem_card(error: XtmigError) -> str:
    """An error that keeps a notebook from going on.

    Args:
        error: The error.
    """
    return render("problem", problem=problem_data(error))


def header_card(
    section: Section, project: Project, mode: Mode, stand: list[dict[str, Any]], *, unprotected: bool = False
) -> str:
    """The first card of a notebook; it carries the style of all others.

    Args:
        section: The section.
        project: The project.
        mode: How the notebook runs.
        stand: Rows of `step_rows` for the section's steps.
        unprotected: Whether the kernel does not take secrets out of outputs.
    """
    return render(
        "header",
        section=section,
        project=project,
        mode_sentence=MODE_SENTENCES[mode],
        tone=SIDES[section.sides[0]].colour if len(section.sides) == 1 else "",
        four_eyes_off=project.four_eyes.off_because,
        unprotected=unprotected,
        stand=stand,
        answers=answered_by(section),
    )


def answered_by(section: Section) -> list[Statement]:
    """The statements of the parts of the document that a section owns, and those that its checks answer besides.

    Args:
        section: The section.
    """
    checked = {id_ for step in section.steps for rule in step.verifies for id_ in RULES[rule].statements}
    owned = set(section.document)
    return [s for s in statements().values() if s.id in checked or owned & set(s.section.split(" / "))]


def following(section: Section) -> Section | None:
    """The section whose notebook comes next in a project's usual order; None after the last.

    Args:
        section: The section.
    """
    later = [s for s in SECTIONS if s.number > section.number and s.runs == "always"]
    return later[0] if later else None


def step_rows(section: Section, result: Result | None) -> list[dict[str, Any]]:
    """How each step of a section ended last, for tables.

    Args:
        section: The section.
        result: What the ledger says, or None where it says nothing yet.
    """
    ended = {step.id: step for part in (result.sections if result else ()) for step in part.steps}
    open_findings: dict[str | None, list[FindingFact]] = {}
    for finding in result.findings if result else ():
        open_findings.setdefault(finding.step, []).append(finding)
    return [
        {"id": step.id, "title": step.title, "side": step.side, "notebook": section.notebook}
        | _ended(ended.get(step.id), open_findings.get(step.id, []))
        for step in section.steps
    ]


def _ended(fact: StepFact | None, findings: list[FindingFact]) -> dict[str, Any]:
    if fact is None:
        return {"state": NEW, "summary": "", "waits_for": "", "until": None, "at": None, "settled": False}
    state = shown_state(fact.state, {"waiting" if f.pending else f.verdict for f in findings})
    waits = next((f for f in findings if f.verdict == "waiting"), None) if state == VERDICTS["waiting"] else None
    return {
        "state": state,
        "summary": fact.summary,
        "waits_for": (waits.waits_for or "") if waits else fact.waits_for,
        "until": waits.until if waits else fact.until,
        "at": fact.at,
        "settled": state.colour == "ok",
    }


def shown_state(state: str, verdicts: set[str]) -> Word:
    """How a step is shown: a step with nothing left to do is not right while a check says otherwise.

    Args:
        state: The step's own state.
        verdicts: Kinds of verdict of its findings.
    """
    if state in ("applied", "no change", "looked"):
        for kind in ("fail", "waiting", "not_observed"):
            if kind in verdicts:
                return VERDICTS[kind]
    return STEP_STATES.get(state, NEW)


def closing_card(section: Section, rows: list[dict[str, Any]], coming: Section | None = None) -> str:
    """The last card of a notebook: what is done, who is waited for, which notebook comes next.

    Args:
        section: The section.
        rows: One for each step: `id`, `title`, `side`, `state` (a `Word`), `waits_for`, `until`, `summary`, `settled`.
        coming: The section that comes next; the one after this if it is not given.
    """
    done = sum(bool(row["settled"]) for row in rows)
    answer = f"{done} of {len(rows)} steps are right or done" if rows else f"{section.title} was shown"
    return render("closing", section=section, rows=rows, answer=answer, following=coming or following(section))


def consent_card(project: Project, side: str, url: str | None, mail: str, why: str) -> str:
    """The consent link of one tenant, to open or to send.

    Args:
        project: The project.
        side: `"source"` or `"target"`.
        url: The link, or None where there is none yet.
        mail: Text for the administrator, or an empty text.
        why: Why there is no link.
    """
    domain = project.source.domain if side == "source" else project.target.domain
    return render("consent", side=side, domain=domain, url=url, mail=mail, why=why)


def sign_in_card(rows: list[Mapping[str, Any]]) -> str:
    """Who is signed in where, and the links that are open.

    Args:
        rows: One for each side: `side`, `domain`, `word` (a `Word`), `text`, `links`, `problem`.
    """
    return render("sign_in", rows=rows)
