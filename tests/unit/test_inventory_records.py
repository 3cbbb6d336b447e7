"""What the project's own records say: what it changed, what it asked, who is given up, what its folder holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest
from core_facts import APP_ID, NOW, SOURCE_ID, TARGET_ID, StillClock, make_project

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject, as_data
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

NAME = "xtmig-contoso-moves"
Side = Literal["source", "target"]


class Records:
    """A project folder whose ledger a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StillClock(NOW)
        self.ledger = Ledger(folder, self.clock, Redactor(), "run-1")

    def read(self, fact: str) -> list[dict[str, Any]]:
        project = make_project(folder=self.folder)
        observed = Reader(project, {}, self.clock, {}).read(fact)
        assert isinstance(observed, Observed)
        return [dict(row) for row in observed.value]

    def begin(self, before: Any, after: Any, side: Side = "target", table: str = "organization_relationships") -> int:
        """A change that was begun; the number of its intent."""
        change = Change(
            step="070.5" if side == "target" else "080.4",
            side=side,
            tenant_id=TARGET_ID if side == "target" else SOURCE_ID,
            subject=Subject(side, table, (("Identity", NAME),), NAME),
            title="Change it",
            before=before,
            after=after,
            calls=(ExchangeCall("Set-OrganizationRelationship", {"Identity": NAME}),),
            level=Level.UNDOABLE,
            undo="undo",
            statements=(),
        )
        data = {"change": change.hash, "data": as_data(change), "lines": []}
        return self.ledger.append("intent", data, step=change.step).seq

    def end(self, intent: int | None, result: str = "done") -> None:
        data = {
            "intent": intent,
            "change": "sha256:",
            "result": result,
            "request_ids": [],
            "warnings": [],
            "error": None,
        }
        self.ledger.append("outcome", data, step="070.5")

    def make(self, before: Any, after: Any, **where: Any) -> None:
        self.end(self.begin(before, after, **where))


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def own(records: Records, side: str = "target") -> list[tuple[str, str, Any, Any, bool]]:
    """Name, kind, before, after and whether it is settled, of each row."""
    return [
        (row["Object"], row["Change"], json.loads(row["Before"]), json.loads(row["After"]), row["Settled"])
        for row in records.read(f"{side}.own_changes")
    ]


def test_created_object_is_told(records: Records) -> None:
    """What was created and seen is this project's, on its side alone."""
    records.make(None, {"Enabled": True})
    assert own(records) == [(NAME, "created", {"Enabled": None}, {"Enabled": True}, True)]
    assert own(records, "source") == []


def test_altered_object_keeps_the_first_value_and_the_last(records: Records) -> None:
    """Of several alterations the value before the first and after the last count; what was only compared does not."""
    records.make({"Guid": "g", "OAuthApplicationId": None}, {"Guid": "g", "OAuthApplicationId": "old"})
    records.make({"Guid": "g", "OAuthApplicationId": "old"}, {"Guid": "g", "OAuthApplicationId": APP_ID})
    assert own(records) == [(NAME, "altered", {"OAuthApplicationId": None}, {"OAuthApplicationId": APP_ID}, True)]


def test_created_and_altered_is_created(records: Records) -> None:
    """An object that this project made stays its own, whatever it altered later."""
    records.make(None, {"Enabled": True})
    records.make({"Enabled": True, "Extra": 1}, {"Enabled": True, "Extra": 2})
    ((_, kind, _, after, _),) = own(records)
    assert (kind, after) == ("created", {"Enabled": True, "Extra": 2})


def test_removed_object_is_told_no_more(records: Records) -> None:
    """What was created and removed is gone, and one that is created after that is this project's again."""
    records.make(None, {"Enabled": True})
    records.make({"Enabled": True}, None)
    assert own(records) == []
    records.make(None, {"Enabled": False})
    assert [row[1] for row in own(records)] == ["created"]


def test_restored_object_is_told_no_more(records: Records) -> None:
    """What was altered and set back bears no change of this project."""
    records.make({"Enabled": False}, {"Enabled": True})
    records.make({"Enabled": True}, {"Enabled": False})
    assert own(records) == []


@pytest.mark.parametrize("result", ["failed", "not done"])
def test_change_without_effect_is_not_told(records: Records, result: str) -> None:
    """What the service refused, or what never showed, made nothing."""
    records.end(records.begin(None, {"Enabled": True}), result)
    assert own(records) == []


def test_accepted_change_that_never_showed_is_not_told(records: Records) -> None:
    """Of two outcomes the later one counts: accepted, and then never seen."""
    intent = records.begin(None, {"Enabled": True})
    records.end(intent)
    records.end(intent, "not done")
    assert own(records) == []


def test_object_that_was_found_is_not_told(records: Records) -> None:
    """What was there already when the change was to be made has no intent, and is not this project's."""
    records.end(None, "found done")
    assert own(records) == []


def test_change_of_an_interrupted_run_is_told(records: Records) -> None:
    """What an interrupted run began, and a later one found done, is this project's."""
    records.end(records.begin(None, {"Enabled": True}), "found done")
    assert [row[1] for row in own(records)] == ["created"]


def test_open_change_is_not_settled(records: Records) -> None:
    """A change that was begun, and of which nobody knows what became, is told as such."""
    records.begin(None, {"Enabled": True})
    assert [(row[1], row[4]) for row in own(records)] == [("created", False)]


def test_open_removal_is_not_settled(records: Records) -> None:
    """An object whose removal was begun is not taken for gone."""
    records.make(None, {"Enabled": True})
    records.begin({"Enabled": True}, None)
    assert [row[4] for row in own(records)] == [False]


def test_users_are_not_told(records: Records) -> None:
    """Changes to users are told by the tenants, and not by this table: it holds configuration alone."""
    records.make(None, {"Alias": "LaraN"}, table="mail_users")
    assert own(records) == []


def test_without_a_ledger_nothing_is_told_and_none_is_made(tmp_path: Path) -> None:
    """Reading makes no ledger."""
    observed = Reader(make_project(folder=tmp_path), {}, StillClock(NOW), {}).read("target.own_changes")
    assert isinstance(observed, Observed)
    assert observed.value == ()
    assert list(tmp_path.iterdir()) == []


def test_given_up_users_are_waivers_of_one_rule(records: Records) -> None:
    """A waiver of rule mailboxes-finished gives a mailbox up; waivers of other rules do not."""
    waiver = "rule: {}, subject: lara@contoso.com, reason: leaves, owner: HR, until: 2026-12-31"
    rows = "".join(f"- {{{waiver.format(rule)}}}\n" for rule in ("mailboxes-finished", "user-source-one"))
    (records.folder / "waivers.yaml").write_text(f"waivers:\n{rows}", encoding="utf-8")
    assert records.read("source.given_up_users") == [
        {"SourceAddress": "lara@contoso.com", "Reason": "leaves", "Owner": "HR", "Until": "2026-12-31"}
    ]


def finding(verdict: str, subject: str = "s", statement: str = "GEN-07") -> dict[str, Any]:
    data = {"rule": "r", "title": "t", "statements": [statement], "side": None, "subject": subject, "verdict": verdict}
    return data | ({"instruction": "agrees", "signed_by": None} if verdict == "manual" else {})


def test_sign_offs_are_those_that_were_asked(records: Records) -> None:
    """What a finding asks a person to sign is told with whoever has signed since."""
    records.ledger.append("finding", finding("manual"), step="160.1")
    records.ledger.append("finding", finding("manual", "other", "CLN-01"), step="210.1")
    records.ledger.append("finding", finding("pass", "third"), step="210.1")
    signed = "{statement: GEN-07, by: Anna, at: 2026-11-23T09:00:00Z, note: agreed}"
    (records.folder / "approvals.yaml").write_text(f"sign_offs: [{signed}]\n", encoding="utf-8")
    rows = records.read("source.asked_sign_offs")
    assert [(row["Subject"], row["Statements"], row["SignedBy"]) for row in rows] == [
        ("s", ["GEN-07"], "Anna"),
        ("other", ["CLN-01"], None),
    ]


def test_sign_off_that_is_asked_no_more_is_not_told(records: Records) -> None:
    """Of several findings of one rule and subject the last one counts."""
    records.ledger.append("finding", finding("manual"), step="160.1")
    records.ledger.append("finding", finding("pass"), step="160.1")
    assert records.read("source.asked_sign_offs") == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("users.csv", "data"),
        ("baseline/pilot-folders.csv", "data"),
        ("project.yaml", "settings"),
        ("ledger.db", "evidence"),
        ("notebooks/010-connect.ipynb", "runbook"),
    ],
)
def test_files_by_what_they_are(records: Records, name: str, kind: str) -> None:
    """Each file of the folder is told by whether it is kept: evidence, settings and runbook are, data is not."""
    path = records.folder / name
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text("x", encoding="utf-8")
    assert {row["Path"]: row["Kind"] for row in records.read("source.project_files")}[name] == kind


def test_archive_is_one_line(records: Records) -> None:
    """An archive is one line with the size of all its files, and hidden files are not told."""
    for name in ("reports/run-1/index.html", "reports/run-1/artifacts/a.csv", ".simulation/secret.json"):
        path = records.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("four", encoding="utf-8")
    rows = {row["Path"]: (row["Bytes"], row["Kind"]) for row in records.read("source.project_files")}
    assert rows["reports/run-1"] == (8, "evidence")
    assert not [path for path in rows if "simulation" in path or "artifacts" in path]


def test_edition_is_the_one_that_the_statements_are_from(records: Records) -> None:
    """The edition bears the document's own day and 260 statements (DOC-01)."""
    (row,) = records.read("source.document_edition")
    assert (row["Date"], row["Statements"]) == ("2024-02-01", 260)
