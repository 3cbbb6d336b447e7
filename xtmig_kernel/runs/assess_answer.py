"""What `xtmig assess --json` answers, as models: the schema is published as docs/reference/assessment.schema.json."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Verdict: TypeAlias = Literal["pass", "fail", "warn", "not_observed", "waiting", "manual", "skipped", "waived"]
OneSide: TypeAlias = Literal["source", "target"]
Moment: TypeAlias = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Verdicts: TypeAlias = dict[Verdict, int]
Severity: TypeAlias = Literal["blocks", "warns"]


class Model(BaseModel):
    """Base of every part: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


class Read(Model):
    """An observation that a verdict rests on."""

    source: str
    at: Moment


class Finding(Model):
    """What one rule says about one subject; what a verdict does not have is left out."""

    rule: str
    title: str
    statements: list[str]
    side: OneSide | None
    subject: str
    verdict: Verdict
    seen: str
    expected: str
    remedy: str
    remedy_step: str | None
    observed: list[Read]
    reason: str | None = None
    detail: str | None = None
    waits_for: str | None = None
    until: str | None = None
    instruction: str | None = None
    signed_by: str | None = None
    owner: str | None = None


class Population(Model):
    """Who is assessed: lines of users.csv (or of the proposal, if `written` is false), and what became of each."""

    listed: int
    written: bool
    mailboxes: int
    moved: int
    unclear: int


class Cause(Model):
    """One rule that does not simply hold; `number` counts the findings with its worst verdict."""

    rule: str
    title: str
    side: OneSide | None
    statements: list[str]
    severity: Severity
    verdict: Verdict
    verdicts: Verdicts
    number: int
    subjects: list[str]
    seen: str
    remedy: str
    step: str | None
    failures: list[str]
    link: str


class Mailbox(Model):
    """One user, and what was found about this user alone; `causes` are ids of rules, the worst first."""

    address: str
    target: str
    wave: str
    verdict: Verdict
    blockers: int
    warnings: int
    waived: int
    causes: list[str]


class Wave(Model):
    """One wave; an empty name stands for users without one."""

    wave: str
    users: int
    verdicts: Verdicts
    blockers: int
    warnings: int


class Unread(Model):
    """A fact that was not observed, and the rules that gave no verdict for want of it."""

    fact: str
    reason: str
    detail: str
    rules: list[str]


class WaiverState(Model):
    """One waiver of waivers.yaml, and what it does now."""

    rule: str
    subject: str
    reason: str
    owner: str
    until: str
    state: Literal["holds", "ended", "renewed", "not needed", "not judged"]
    findings: int


class Assessment(Model):
    """What the preflight found."""

    at: Moment
    exit_code: Literal[0, 3, 4, 5]
    rules: int
    verdicts: Verdicts
    severities: dict[Severity, int]
    population: Population | None
    causes: list[Cause]
    mailboxes: list[Mailbox]
    waves: list[Wave]
    not_observed: list[Unread]
    waivers: list[WaiverState]
    findings: list[Finding]


class FindingDrift(Model):
    """What has become of a finding; an empty verdict stands for none."""

    state: Literal[
        "new", "changed", "fixed", "no longer observed", "observed for the first time", "no longer listed", "unchanged"
    ]
    rule: str
    title: str
    side: OneSide | None
    subject: str
    before: Verdict | Literal[""]
    after: Verdict | Literal[""]
    seen: str


class Change(Model):
    """One cell that changed, or a whole row that appeared or vanished; values are as the table holds them."""

    side: OneSide
    table: str
    object: str
    kind: Literal["changed", "appeared", "vanished"]
    column: str
    before: Any
    after: Any


class TableChange(Model):
    """A table, or a column of it, that was observed in one of the two snapshots alone."""

    fact: str
    column: str
    kind: Literal["no longer observed", "observed for the first time"]
    why: str


class Drift(Model):
    """What differs between two snapshots; `outside` counts changed objects of people who do not move, by table."""

    since: Moment
    until: Moment
    states: dict[str, int]
    findings: list[FindingDrift]
    changes: list[Change]
    tables: list[TableChange]
    outside: dict[str, int]


class Snapshot(Model):
    """One snapshot, without what it holds."""

    id: str
    started: Moment
    finished: Moment | None


class Project(Model):
    """The project that was judged."""

    id: str
    name: str


class Answer(Model):
    """The whole answer; `problems` are sign-ins that failed."""

    exit_code: Literal[0, 1, 2, 3, 4, 5]
    snapshot: Snapshot
    offline: bool
    simulated: bool
    project: Project
    problems: dict[OneSide, dict[str, Any]]
    assessment: Assessment
    compared_with: Snapshot | None
    drift: Drift | None


def answer_schema() -> dict[str, Any]:
    """The JSON schema of what `xtmig assess --json` answers, as it is published."""
    schema = Answer.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
