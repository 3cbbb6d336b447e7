"""`result.json` as data: what an archive says, for people (`index.html`) and for programs.

Fields marked `x-volatile` in the schema differ between two runs that found and did the same: times, ids of
runs and requests, hashes of the ledger. The schema is published as docs/reference/result.schema.json.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from xtmig_kernel.project import Side

_VOLATILE: dict[str, Any] = {"x-volatile": True}

VolatileText = Annotated[str, Field(json_schema_extra=_VOLATILE)]
VolatileTextOrNone = Annotated[str | None, Field(json_schema_extra=_VOLATILE)]
VolatileNumber = Annotated[int, Field(json_schema_extra=_VOLATILE)]

VerdictKind = Literal["pass", "fail", "warn", "waiting", "not_observed", "manual", "skipped", "waived"]
StatementState = Literal[
    "fail",
    "not_observed",
    "waiting",
    "manual",
    "warn",
    "planned",
    "changed",
    "waived",
    "pass",
    "signed",
    "skipped",
]
Outcome = Literal["read back", "differs", "done", "found done", "failed", "not done", "unknown"]
Who = Literal["source administrator", "target administrator", "approver", "operator", "Microsoft"]
ApprovalState = Literal["not needed", "approved", "claimed", "missing"]
ExitCode = Literal[0, 1, 2, 3, 4, 5]


class Fact(BaseModel):
    """Base of everything in a result: no unknown keys, never altered."""

    # built when a result is made: every kernel imports this module, and most make none
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Tenant(Fact):
    """One side as the project names it."""

    tenant_id: str
    domain: str
    cloud: str


class ProjectFacts(Fact):
    """What `project.yaml` says of tenants, transport and the four-eyes rule."""

    id: str
    name: str
    source: Tenant
    target: Tenant
    transport: Literal["rest", "powershell"] | None
    four_eyes_off_because: str | None


class RunFacts(Fact):
    """One run, from its own ledger entries alone, so that `ledger.jsonl` proves it.

    `asked` names the sections that a batch was asked for, and `whole` says that they were the whole runbook;
    `sections` are those that were opened. `tally` counts the last evaluation of each rule and subject by verdict;
    `changes` counts changes by what became of them; `planned` counts changes that were planned and not made;
    `files` and `planned_files` count files of the project folder that were written, and those that are still to be.
    """

    id: VolatileText
    started_at: VolatileText
    ended_at: VolatileText
    mode: Literal["interactive", "plan", "apply"] | None
    simulated: bool
    version: VolatileTextOrNone
    asked: tuple[str, ...]
    whole: bool
    sections: tuple[str, ...]
    tally: dict[VerdictKind, int]
    changes: dict[Outcome, int]
    planned: int
    files: int = 0
    planned_files: int = 0
    exit_code: ExitCode


class Read(Fact):
    """The call on which a verdict rests."""

    source: str
    at: VolatileText


class FindingFact(Fact):
    """The last evaluation of one rule for one subject; its fields are those of the ledger's `finding`.

    `pending`: it failed, and the step that mends it is planned or waits, so its change is yet to be made.
    """

    rule: str
    title: str
    statements: tuple[str, ...]
    side: Side | None
    subject: str
    verdict: VerdictKind
    seen: str = ""
    expected: str = ""
    remedy: str = ""
    remedy_step: str | None = None
    observed: tuple[Read, ...] = ()
    reason: str | None = None
    detail: str | None = None
    waits_for: str | None = None
    until: VolatileTextOrNone = None
    instruction: str | None = None
    signed_by: str | None = None
    owner: str | None = None
    phase: Literal["look", "verify"]
    step: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool
    pending: Literal["planned", "waiting", "later"] | None


class ChangeFact(Fact):
    """A change that was begun, and the last that is known of it.

    `before` and `after` hold the altered attributes; `seen` is what the read after the change really showed.
    `error`, `cause` and `remedy` are those of a change that was refused.
    """

    hash: str
    step: str
    side: Side
    subject: str
    title: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    lines: tuple[str, ...]
    level: int
    undo: str
    irreversible: bool
    statements: tuple[str, ...]
    outcome: Outcome
    seen: dict[str, Any] | None
    request_ids: Annotated[tuple[str, ...], Field(json_schema_extra=_VOLATILE)]
    warnings: tuple[str, ...]
    error: str | None
    cause: str | None = None
    remedy: str | None = None
    approver: str | None
    proof: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool


class PlannedFact(Fact):
    """A change of the last plan of its step that was not made."""

    hash: str
    step: str
    side: Side
    subject: str
    title: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    lines: tuple[str, ...]
    level: int
    undo: str
    irreversible: bool
    statements: tuple[str, ...]
    approval: ApprovalState
    refused_because: tuple[str, ...]
    run: VolatileText
    this_run: bool


class ExhibitFact(Fact):
    """A table, or bars, that a step showed; of several of one name the last.

    `rows` holds the first `number_of_rows` up to 200; the file `artifact` of the archive holds all.
    """

    name: str
    caption: str
    kind: Literal["table", "bars"]
    columns: tuple[str, ...]
    number_of_rows: int
    rows: tuple[tuple[str | int, ...], ...]
    artifact: str
    step: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool


class AccountFact(Fact):
    """What became of every mailbox in scope, counted from the exhibit `account`; the four parts are all of them."""

    in_scope: int
    completed: int
    excluded: int
    failed: int
    open: int
    step: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool

    @model_validator(mode="after")
    def _balances(self) -> AccountFact:
        if self.in_scope != self.completed + self.excluded + self.failed + self.open:
            raise ValueError("the parts of the account are not all mailboxes in scope")
        return self


class DocumentFact(Fact):
    """The edition of Microsoft's document that was followed: its date, and the hash that tells it apart."""

    title: str
    date: str
    sha256: str
    url: str


class FileFact(Fact):
    """A file that a step wrote into the project folder; of several of one name the last.

    `state` says what the project folder held when the archive was built. `artifact` is the copy in the archive, made
    for files of this run as long as they are as they were written.
    """

    name: str
    about: str
    size: int
    sha256: str
    state: Literal["as written", "changed since", "not there", "not looked at"] = "not looked at"
    artifact: str | None = None
    step: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool


class PlannedFileFact(Fact):
    """A file that the last plan of a step would write, and that was not written since."""

    name: str
    about: str
    step: str
    run: VolatileText
    this_run: bool


class ReportedChange(Fact):
    """A change of which a script says what became of it; `since` says whether xtmig has looked after that."""

    change: str
    step: str
    title: str
    ok: bool
    calls: tuple[str, ...]
    error: str | None
    seen: tuple[dict[str, Any], ...]
    seen_error: str | None
    at: VolatileText
    since: Literal["not looked", "nothing left to change", "not right yet"]


class ReportedRead(Fact):
    """A read of a script: how many rows it noted, and their digest."""

    read: str
    ok: bool
    error: str | None
    rows: int
    digest: VolatileText
    at: VolatileText


class ScriptReport(Fact):
    """What a script that a person ran has reported; nothing of it was observed by xtmig."""

    name: str
    section: str
    side: Side
    tenant_id: str
    account: str
    confirmed: tuple[str, ...]
    plan: VolatileText
    sha256: VolatileText
    error: str | None
    changes: tuple[ReportedChange, ...]
    reads: tuple[ReportedRead, ...]
    began: VolatileText
    ended: VolatileText
    at: VolatileText


class StepFact(Fact):
    """How a step ended when it was last run."""

    id: str
    title: str
    side: Side | None
    state: Literal["no change", "planned", "not planned", "applied", "waiting", "later", "failed", "looked"]
    summary: str
    waits_for: str
    until: VolatileTextOrNone
    at: VolatileText
    run: VolatileText
    this_run: bool


class SectionFact(Fact):
    """A section of the runbook that was opened, and its steps."""

    number: str
    title: str
    this_run: bool
    steps: tuple[StepFact, ...]


class ReadFact(Fact):
    """The last read of a table, or why it gave nothing."""

    fact: str
    side: Side | None
    source: str | None
    rows: int | None
    digest: VolatileTextOrNone
    reason: str | None
    detail: str | None
    at: VolatileText
    run: VolatileText
    this_run: bool


class ProblemFact(Fact):
    """An error that ended a step. `resolved`: the step has since ended otherwise."""

    type: str
    message: str
    side: Side | None
    step: str | None
    subject: str | None
    cause: str | None
    remedy: str | None
    statements: tuple[str, ...]
    resolved: bool
    at: VolatileText
    run: VolatileText
    this_run: bool


class SignInFact(Fact):
    """Who was signed in to a tenant, proven by the token."""

    side: Side
    tenant_id: str
    kind: Literal["person", "application"]
    name: str
    object_id: str | None
    application_id: str | None
    at: VolatileText
    run: VolatileText


class ApprovalFact(Fact):
    """An approval in `approvals.yaml`. `used` counts the changes that were made under it."""

    section: str
    level: int
    approver: str
    given_at: VolatileText
    valid_until: VolatileText
    note: str
    proof: str | None
    changes: int
    used: int


class SignOffFact(Fact):
    """A person's word for a statement."""

    statement: str
    by: str
    at: VolatileText
    note: str


class WaiverFact(Fact):
    """A finding that its owner accepts until a date."""

    rule: str
    subject: str
    reason: str
    owner: str
    until: str


class StatementFact(Fact):
    """A statement that was answered, by the weakest of its answers."""

    id: str
    state: StatementState


class OpenItem(Fact):
    """One thing that is left to do; `count` says how many objects it is about."""

    who: Who
    side: Side | None
    step: str | None
    what: str
    until: VolatileTextOrNone
    remedy: str
    statements: tuple[str, ...]
    count: int = 1


class Actor(Fact):
    """Who must act, for how many open items, and for what is waited longest (UTC)."""

    who: Who
    items: int
    until: VolatileTextOrNone


class LedgerFacts(Fact):
    """Where in the ledger the archive stands: `head_before` is the hash before the first of its entries."""

    head_before: VolatileText
    head: VolatileText
    first: VolatileNumber
    last: VolatileNumber


class Result(Fact):
    """The whole of `result.json`: the project so far, one run marked.

    `tally` counts the whole project by verdict, `run.tally` this run; kinds are never added together. `account` is
    there once a section has shown it; `document` is missing in archives from before it was recorded.
    """

    format: Literal[1] = 1
    xtmig: VolatileText
    as_of: VolatileText
    answer: VolatileText
    exit_meaning: str
    simulated: bool
    document: DocumentFact | None = None
    project: ProjectFacts
    account: AccountFact | None = None
    run: RunFacts
    runs: tuple[RunFacts, ...]
    actors: tuple[Actor, ...]
    tally: dict[VerdictKind, int]
    sections: tuple[SectionFact, ...]
    open_items: tuple[OpenItem, ...]
    changes: tuple[ChangeFact, ...]
    planned: tuple[PlannedFact, ...]
    exhibits: tuple[ExhibitFact, ...] = ()
    files: tuple[FileFact, ...] = ()
    planned_files: tuple[PlannedFileFact, ...] = ()
    reported: tuple[ScriptReport, ...] = ()
    statements: tuple[StatementFact, ...]
    findings: tuple[FindingFact, ...]
    problems: tuple[ProblemFact, ...]
    reads: tuple[ReadFact, ...]
    sign_ins: tuple[SignInFact, ...]
    approvals: tuple[ApprovalFact, ...]
    sign_offs: tuple[SignOffFact, ...]
    waivers: tuple[WaiverFact, ...]
    ledger: LedgerFacts


def result_schema() -> dict[str, Any]:
    """The JSON schema of `result.json`, as it is published."""
    schema = Result.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
